"""The newsletter's accent colour, made readable on light and dark paper. Pure."""

_LIGHT_PAPER = (0xFB, 0xFA, 0xF7)
_DARK_PAPER = (0x15, 0x16, 0x18)
_ENOUGH = 4.6  # contrast for text of any size (WCAG 2.2 AA asks for 4.5)

Colour = tuple[int, int, int]


def accent_css(accent: str) -> str:
    """Custom properties: the accent as text on both papers. `accent` is #rrggbb."""
    given = (int(accent[1:3], 16), int(accent[3:5], 16), int(accent[5:7], 16))
    light = _hex(_readable(given, _LIGHT_PAPER, towards=(0, 0, 0)))
    dark = _hex(_readable(given, _DARK_PAPER, towards=(255, 255, 255)))
    return (
        f":root{{--accent:{light};--on-accent:#fff}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{dark};--on-accent:#151618}}}}\n"
    )


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of two colours, 1 to 21, as WCAG defines it."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _readable(colour: Colour, paper: Colour, *, towards: Colour) -> Colour:
    """The colour, moved towards black or white in small steps until it can be read on this paper."""
    for step in range(41):
        part = step / 40
        mixed = (
            round(colour[0] + (towards[0] - colour[0]) * part),
            round(colour[1] + (towards[1] - colour[1]) * part),
            round(colour[2] + (towards[2] - colour[2]) * part),
        )
        if contrast(mixed, paper) >= _ENOUGH:
            return mixed
    return towards


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (part / 255 for part in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)
