"""Components: what they refuse, what they escape, what assistive technology gets."""

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template
from django_cotton.compiler_regex import CottonCompiler


def render(source: str, **context: object) -> str:
    """Cotton reads files; this puts a source through the same compiler."""
    return Template(CottonCompiler().process(source)).render(Context(context))


def test_an_icon_button_without_a_label_is_refused() -> None:
    with pytest.raises(TemplateSyntaxError, match="label"):
        render('<c-icon-button icon="x" />')


def test_a_field_ties_its_error_to_its_control() -> None:
    class Form(forms.Form):
        email = forms.EmailField(help_text="Never shared.")

    html = render('<c-field :field="form.email" />', form=Form({"email": "nonsense"}))

    assert '<label class="field-label" for="id_email">' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'id="id_email_error"' in html
    assert 'id="id_email_helptext"' in html


def test_what_a_player_wrote_is_escaped() -> None:
    html = render(
        '<c-qr address="{{ text }}" /><c-copy text="{{ text }}" />', text='"><script>x</script>'
    )

    assert "<script>" not in html


def test_an_address_shows_its_ends_and_copies_whole() -> None:
    address = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
    html = render('<c-qr address="{{ address }}" currency="BTC" />', address=address)

    assert "<b>bc1qar</b>" in html
    assert "<b>wf5mdq</b>" in html
    assert f'data-copy="{address}"' in html
    assert "<svg" in html


def test_progress_says_its_value_and_needs_no_style_attribute() -> None:
    html = render('<c-progress value="140" label="Limit" text="140 of 100" />')

    assert 'aria-valuenow="100"' in html
    assert "style=" not in html


@pytest.mark.parametrize(
    "name", ["404.html", "403.html", "403_csrf.html", "500.html", "refused.html"]
)
def test_error_pages_compile(name: str) -> None:
    assert get_template(name)
