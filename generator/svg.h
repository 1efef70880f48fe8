/* svg.h: writing SVG: shapes, text that fits, and the frame around them.
 *
 * Coordinates are whole pixels, so that a picture is the same text on every machine. Looks are
 * classes of templates/picture.css.in; a picture alone brings that style along, one in a page
 * relies on the page's. Nothing that this writes is longer than the text given to it: what must fit
 * is cut with svg_fit. */
#ifndef CNNGEN_SVG_H
#define CNNGEN_SVG_H

#include "out.h"

struct box { int x, y, w, h; };
struct point { int x, y; };

/* A picture under way: shapes go to body, in pixels from its upper left corner. */
struct picture {
    struct pool *pool;
    const char *id;            /* unique in a page: "graph" */
    const char *title, *desc;  /* for those who can't see it; plain text */
    int w, h;
    struct out body;
};

/* The rest is for the caller to fill in. */
void picture_init(struct picture *, struct pool *, const char *id);

/* Appends it to out, as a file of its own or as a part of a page, and frees the body. */
void picture_write(struct picture *, bool alone, struct out *);

/* The style of pictures, for pages. */
void picture_style(struct pool *, struct out *);

/* The text with what XML gives a meaning to escaped, in attributes too; characters that XML forbids
 * or that could not be seen become U+FFFD. */
const char *xml_text(struct pool *, const char *text);

void svg_box(struct picture *, const char *class, struct box, int radius);
void svg_hatch(struct picture *, struct box);   /* over what is there */
void svg_line(struct picture *, const char *class, struct point from, struct point to);
void svg_text(struct picture *, const char *class, struct point, const char *text);
void svg_text_turned(struct picture *, const char *class, struct point, int degrees,
        const char *text);             /* clockwise, around the point */
void svg_circle(struct picture *, const char *class, struct point, int radius);

/* A group of shapes with a tooltip, which is its name for those who can't see it; NULL: none. */
void svg_open(struct picture *, const char *class, const char *tooltip);
void svg_close(struct picture *);

/* A line through all of the points, with round corners or, between every second pair, curves. An
 * arrow ends it if asked for. */
void svg_route(struct picture *, const char *class, const struct point *, int n, bool curved,
        bool arrow);

/* Width in pixels of a text at a font size: an upper bound for common fonts without serifs. */
int svg_width(const char *text, int size);

/* The text, or as much of its beginning as fits, with an ellipsis; "" when nothing does. */
const char *svg_fit(struct pool *, const char *text, int size, int width);

#endif
