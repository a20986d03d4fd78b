"""Colours that can be read: the accent is moved towards black or white until its contrast is enough. Pure."""

READABLE = 4.5  # WCAG 2.2, 1.4.3: contrast of normal text


def contrast(one: str, other: str) -> float:
    """The WCAG contrast of two #rrggbb colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, on: str, *, least: float = READABLE) -> str:
    """`colour`, or the nearest mixture with black or white whose contrast on the ground `on` is enough."""
    target = "#000000" if _luminance(on) > 0.18 else "#ffffff"
    for step in range(21):
        mixed = _mix(colour, target, step / 20)
        if contrast(mixed, on) >= least:
            return mixed
    return target


def _mix(colour: str, other: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
