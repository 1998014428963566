# SPDX-License-Identifier: BSL-1.0
"""Bar charts as SVG: a grid of panels, each with a bar for each model, on axes of their own.

The same figures give the same bytes. Text stays text, and the two colours differ for every eye.
"""

import math
from xml.sax.saxutils import escape

COLOURS = {False: "#0072b2", True: "#e69f00"}  # our models, and references
INK, FAINT, BACKGROUND = "#222222", "#d8d8d8", "#ffffff"

MARGIN, GAP = 20, 28
PANEL_WIDTH, VALUE_WIDTH = 230, 54  # the value stands right of its bar
BAR_HEIGHT, ROW_HEIGHT = 14, 21
HEAD_HEIGHT, PANEL_HEAD, PANEL_FOOT = 92, 24, 56
LETTER_WIDTH = 7.2


def value_text(value, decimals_max=4):
    """Three digits that say something, and thousands apart."""
    if value == 0:
        return "0"
    decimals = max(0, 2 - math.floor(math.log10(value)))
    return f"{value:,.{min(decimals, decimals_max)}f}".replace(",", "\u202f")


def tick_text(value):
    text = value_text(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def tick_step(greatest):
    """Of 1, 2 and 5 with zeros, the least that makes at most four steps."""
    power = 10.0 ** math.floor(math.log10(greatest / 4))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power)
                if greatest / step <= 4.0001)


class Drawing:
    def __init__(self):
        self.parts = []

    def rectangle(self, x, y, width, height, fill, title=None):
        inner = f"><title>{escape(title)}</title></rect>" if title else "/>"
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
                          f'height="{height:.1f}" fill="{fill}"{inner}')

    def line(self, x1, y1, x2, y2, colour, width=1):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                          f'stroke="{colour}" stroke-width="{width}"/>')

    def text(self, x, y, text, size=12, anchor="start", weight="normal", fill=INK):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" '
                          f'font-weight="{weight}" text-anchor="{anchor}">{escape(text)}</text>')

    def document(self, width, height, title):
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
                f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
                'font-family="Helvetica, Arial, DejaVu Sans, sans-serif">')
        return "\n".join([head, f"<title>{escape(title)}</title>", *self.parts, "</svg>"]) + "\n"


def draw_bar(drawing, x, middle, scale, panel, model, figure):
    value = value_text(figure["median"], panel.decimals)
    drawing.rectangle(x, middle - BAR_HEIGHT / 2, figure["median"] * scale, BAR_HEIGHT,
                      COLOURS[model.reference], f"{model.title}: {value} {panel.unit}")
    low, high = x + figure["low"] * scale, x + figure["high"] * scale
    if high - low > 1:
        drawing.line(low, middle, high, middle, INK, 1.5)
        for end in (low, high):
            drawing.line(end, middle - 3, end, middle + 3, INK, 1.5)
    drawing.text(max(high, x) + 5, middle + 4, value, 11)


def draw_axis(drawing, x, top, bottom, scale, greatest, panel):
    step = tick_step(greatest)
    for number in range(int(PANEL_WIDTH / scale / step) + 1):
        at = x + number * step * scale
        drawing.line(at, top, at, bottom, FAINT)
        drawing.text(at, bottom + 14, tick_text(number * step), 10, "middle")
    drawing.text(x, bottom + 30, f"{panel.unit} ({panel.better} is better)", 11)


def draw_panel(drawing, x, y, panel, models, figures):
    drawing.text(x, y + 14, panel.title, 13, weight="bold")
    top = y + PANEL_HEAD
    bottom = top + ROW_HEIGHT * len(models)
    greatest = max(figure["high"] for figure in figures.values()) or 1
    scale = (PANEL_WIDTH - VALUE_WIDTH) / greatest
    draw_axis(drawing, x, top, bottom, scale, greatest, panel)
    for row, model in enumerate(models):
        middle = top + ROW_HEIGHT * (row + 0.5)
        if model.key in figures:
            draw_bar(drawing, x, middle, scale, panel, model, figures[model.key])
        else:
            drawing.text(x + 4, middle + 4, "\u2013", 11)
    drawing.line(x, top, x, bottom, INK)


def draw_head(drawing, slot, models, figures):
    drawing.text(MARGIN, 34, slot.title, 20, weight="bold")
    drawing.text(MARGIN, 54, slot.work)
    x = MARGIN
    names = [(False, "strata")] + [(True, "others")] * any(m.reference for m in models)
    for is_reference, name in names:
        drawing.rectangle(x, 67, 12, 12, COLOURS[is_reference])
        drawing.text(x + 18, 77, name)
        x += 18 + LETTER_WIDTH * len(name) + 20
    if any(f["low"] < f["high"] for panel in figures.values() for f in panel.values()):
        drawing.line(x, 73, x + 16, 73, INK, 1.5)
        for end in (x, x + 16):
            drawing.line(end, 70, end, 76, INK, 1.5)
        name = "least to most of all rounds; the bar is their median"
        drawing.text(x + 24, 77, name)
        x += 24 + LETTER_WIDTH * len(name) + 20
    if any(model.key not in panel for panel in figures.values() for model in models):
        drawing.text(x, 77, "\u2013   not measured")


def draw_chart(slot, models, figures, foot):
    """The SVG of one slot: `figures[panel key][model key]` has `median`, `low` and `high`."""
    drawing = Drawing()
    label_width = LETTER_WIDTH * max(len(model.title) for model in models) + 10
    columns = min(slot.columns, len(slot.panels))
    rows = -(-len(slot.panels) // columns)
    panel_height = PANEL_HEAD + ROW_HEIGHT * len(models) + PANEL_FOOT
    width = MARGIN + label_width + columns * (PANEL_WIDTH + GAP)
    height = HEAD_HEIGHT + rows * panel_height + 14
    drawing.rectangle(0, 0, width, height, BACKGROUND)
    draw_head(drawing, slot, models, figures)
    for row in range(rows):
        top = HEAD_HEIGHT + row * panel_height
        for at, model in enumerate(models):
            middle = top + PANEL_HEAD + ROW_HEIGHT * (at + 0.5)
            drawing.text(MARGIN + label_width - 8, middle + 4, model.title, anchor="end")
        for column, panel in enumerate(slot.panels[row * columns:(row + 1) * columns]):
            x = MARGIN + label_width + column * (PANEL_WIDTH + GAP)
            draw_panel(drawing, x, top, panel, models, figures[panel.key])
    drawing.text(MARGIN, height - 10, foot, 10, fill="#555555")
    return drawing.document(width, height, f"{slot.title}: {slot.work}")
