"""Uploads stay in memory and are bounded: nothing that came in lies on a disk as it came."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload

# A little more than the largest file, for the form around it.
MARGIN = 64 * 1024


class CappedMemoryUpload(MemoryFileUploadHandler):
    """Takes a body up to the largest file we accept; of a larger one there is no file."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *rest: Any) -> None:
        self.activated = True
        self.is_too_large = content_length > settings.UPLOAD_BYTES_MAX + MARGIN

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.is_too_large:
            raise StopUpload(connection_reset=False)
        return super().receive_data_chunk(raw_data, start)
