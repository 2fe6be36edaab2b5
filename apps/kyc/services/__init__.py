"""Every rule and every change of verification, one module a subject."""
