"""Pictures so blurred that only their colours are left, for pages on which nobody should see them unasked."""

import base64
import io

BLUR_SIDE = 8
LARGEST_BLUR = 512


def blurred(pixels: bytes, width: int, height: int) -> bytes:
    """RGB8 pixels as a PNG of at most `LARGEST_BLUR` a side; too few colours survive for the blur to be undone."""
    from PIL import Image

    picture = Image.frombytes("RGB", (width, height), pixels).resize((BLUR_SIDE, BLUR_SIDE), Image.Resampling.BOX)
    buffer = io.BytesIO()
    scale = min(1, LARGEST_BLUR / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture.resize(size, Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()


def blurred_file(data: bytes) -> bytes:
    """The same of a picture file of ours."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as file:
        image = file.convert("RGB")
    return blurred(image.tobytes(), image.width, image.height)


def png(pixels: bytes, width: int, height: int) -> bytes:
    """RGB8 pixels as they are."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.frombytes("RGB", (width, height), pixels).save(buffer, "PNG")
    return buffer.getvalue()


def data_address(picture: bytes) -> str:
    """A PNG as an address of its own, which no cache keeps."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
