"""The size of a picture, and how many numbers each of its pixels has."""

from dataclasses import dataclass

from pellucid.errors import InputError


@dataclass(frozen=True)
class PictureShape:
    """The size of a picture in pixels, and 1 channel (grey) or 3 (red, green, blue).

    >>> PictureShape(64, 48, 3).as_tuple
    (64, 48, 3)
    """

    height: int
    width: int
    channels: int = 3

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 1 or self.channels not in (1, 3):
            raise InputError(
                f"a picture needs a height and a width of 1 or more and 1 or 3 channels, got {self.as_tuple}."
            )

    @property
    def as_tuple(self) -> tuple[int, int, int]:
        """The shape of the array, (height, width, channels)."""
        return (self.height, self.width, self.channels)
