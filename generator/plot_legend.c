/* What the colours of a picture mean. */
#include "plot.h"

enum { SWATCH = 12, TEXT = 11, APART = 16 };

int plot_legend_entry(struct picture *p, const char *class, struct point at, const char *title)
{
    svg_box(p, class, (struct box){at.x, at.y, SWATCH, SWATCH}, 2);
    svg_text(p, "dim", (struct point){at.x + SWATCH + 5, at.y + SWATCH - 2}, title);
    return at.x + SWATCH + 5 + svg_width(title, TEXT) + APART;
}

int plot_legend(struct picture *p, const bool used[KIND_COUNT], struct point at)
{
    for (int k = 0; k < KIND_COUNT; k++)
        if (used[k])
            at.x = plot_legend_entry(p, kind_looks[k].class, at, kind_looks[k].title);
    return at.x;
}
