#include "svg.h"

#include <string.h>

#include "source.h"
#include "template.h"

/* ---- text ------------------------------------------------------------------------------------ */

static const char *entity(uint32_t code)
{
    switch (code) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

/* Noncharacters and halves of surrogates are no characters of XML. */
static bool is_refused(uint32_t code)
{
    return (code != '\n' && char_is_hostile(code)) || (code & 0xfffe) == 0xfffe ||
            (code >= 0xd800 && code < 0xe000) || code > 0x10ffff;
}

const char *xml_text(struct pool *pool, const char *text)
{
    size_t len = strlen(text);
    struct out out;
    out_init(&out);
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t bytes = utf8_next(text + i, len - i, &code);
        const char *name = bytes ? entity(code) : NULL;
        if (name)
            out_raw(&out, name, strlen(name));
        else if (bytes == 0 || is_refused(code))
            out_raw(&out, "\357\277\275", 3);
        else
            out_raw(&out, text + i, bytes);
        i += bytes ? bytes : 1;
    }
    text = pool_copy(pool, out.text, out.len);
    out_free(&out);
    return text;
}

/* Thousandths of the font size; by a wide font's measures. */
static int char_width(uint32_t code)
{
    static const struct { const char *chars; int width; } kinds[] = {
        {"ijlI|.,:;'!", 340}, {" ftr()[]/-", 410}, {"mwMW@%", 960}, {"+=<>~", 840},
        {"ABCDEFGHJKLNOPQRSTUVXYZ", 740},
    };
    for (size_t i = 0; code < 128 && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strchr(kinds[i].chars, (int)code))
            return kinds[i].width;
    return code < 128 ? 640 : code < 0x2e80 ? 860 : 1000;
}

int svg_width(const char *text, int size)
{
    size_t len = strlen(text);
    int sum = 0;
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t bytes = utf8_next(text + i, len - i, &code);
        sum += char_width(code);
        i += bytes ? bytes : 1;
    }
    return (sum * size + 999) / 1000;
}

const char *svg_fit(struct pool *pool, const char *text, int size, int width)
{
    if (svg_width(text, size) <= width)
        return text;
    for (size_t n = strlen(text); n > 1; n--) {
        const char *cut = pool_printf(pool, "%.*s…", (int)(n - 1), text);
        if (((unsigned char)text[n - 1] & 0xc0) != 0x80 && svg_width(cut, size) <= width)
            return cut;
    }
    return "";
}

/* ---- shapes ---------------------------------------------------------------------------------- */

void svg_box(struct picture *p, const char *class, struct box b, int radius)
{
    out_printf(&p->body, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"", class,
            b.x, b.y, b.w, b.h);
    if (radius)
        out_printf(&p->body, " rx=\"%d\"", radius);
    out_printf(&p->body, "/>\n");
}

void svg_hatch(struct picture *p, struct box b)
{
    out_printf(&p->body, "<rect fill=\"url(#%s-hatch)\" x=\"%d\" y=\"%d\"", p->id, b.x, b.y);
    out_printf(&p->body, " width=\"%d\" height=\"%d\"/>\n", b.w, b.h);
}

void svg_line(struct picture *p, const char *class, struct point from, struct point to)
{
    out_printf(&p->body, "<path class=\"%s\" d=\"M%d %dL%d %d\"/>\n", class, from.x, from.y, to.x,
            to.y);
}

void svg_circle(struct picture *p, const char *class, struct point at, int radius)
{
    out_printf(&p->body, "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"%d\"/>\n", class, at.x, at.y,
            radius);
}

void svg_text(struct picture *p, const char *class, struct point at, const char *text)
{
    if (*text)
        out_printf(&p->body, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", class, at.x, at.y,
                xml_text(p->pool, text));
}

void svg_text_turned(struct picture *p, const char *class, struct point at, int degrees,
        const char *text)
{
    if (*text)
        out_printf(&p->body,
                "<text class=\"%s\" transform=\"translate(%d %d) rotate(%d)\">%s</text>\n", class,
                at.x, at.y, degrees, xml_text(p->pool, text));
}

void svg_open(struct picture *p, const char *class, const char *tooltip)
{
    out_printf(&p->body, "<g class=\"%s\">\n", class);
    p->body.indent += 2;
    if (tooltip)
        out_printf(&p->body, "<title>%s</title>\n", xml_text(p->pool, tooltip));
}

void svg_close(struct picture *p)
{
    p->body.indent -= 2;
    out_printf(&p->body, "</g>\n");
}

enum { CORNER = 8 };

static int toward(int from, int to)
{
    int far = to > from ? to - from : from - to, step = far / 2 < CORNER ? far / 2 : CORNER;
    return to > from ? from + step : from - step;
}

/* A corner at b between two straight lines, each along an axis. */
static void round_corner(struct out *out, struct point a, struct point b, struct point c)
{
    out_printf(out, "L%d %dQ%d %d %d %d", toward(b.x, a.x), toward(b.y, a.y), b.x, b.y,
            toward(b.x, c.x), toward(b.y, c.y));
}

void svg_route(struct picture *p, const char *class, const struct point *at, int n, bool curved,
        bool arrow)
{
    struct out *out = &p->body;
    out_printf(out, "<path class=\"%s\" d=\"M%d %d", class, at[0].x, at[0].y);
    for (int i = 1; i < n; i++) {
        int middle = (at[i - 1].y + at[i].y) / 2;
        if (curved && at[i].x != at[i - 1].x)
            out_printf(out, "C%d %d %d %d %d %d", at[i - 1].x, middle, at[i].x, middle, at[i].x,
                    at[i].y);
        else if (curved || i == n - 1)
            out_printf(out, "L%d %d", at[i].x, at[i].y);
        else
            round_corner(out, at[i - 1], at[i], at[i + 1]);
    }
    out_printf(out, "\"");
    if (arrow)
        out_printf(out, " marker-end=\"url(#%s-arrow)\"", p->id);
    out_printf(out, "/>\n");
}

/* ---- the whole ------------------------------------------------------------------------------- */

void picture_init(struct picture *p, struct pool *pool, const char *id)
{
    *p = (struct picture){.pool = pool, .id = id};
    out_init(&p->body);
}

static void expand(struct pool *pool, const char *name, const struct args *args,
        template_insert *insert, void *context, struct out *out)
{
    struct diag *diag = diag_new(pool);
    struct template *t = template_load(pool, template_builtin(name), diag);
    if (!t || !template_expand(t, args, insert, context, out, diag))
        bug("template %s", name);
}

void picture_style(struct pool *pool, struct out *out)
{
    const struct args none = {0};
    expand(pool, "picture.css.in", &none, NULL, NULL, out);
}

static void insert_part(void *context, const char *name, struct out *out)
{
    struct picture *p = context;
    if (!strcmp(name, "style"))
        picture_style(p->pool, out);
    else
        out_write(out, p->body.text, p->body.len);
}

void picture_write(struct picture *p, bool alone, struct out *out)
{
    struct args a = {0};
    args_int(p->pool, &a, "ALONE", alone);
    args_text(p->pool, &a, "ID", p->id);
    args_int(p->pool, &a, "WIDTH", p->w);
    args_int(p->pool, &a, "HEIGHT", p->h);
    args_text(p->pool, &a, "TITLE", xml_text(p->pool, p->title));
    args_text(p->pool, &a, "DESC", xml_text(p->pool, p->desc));
    expand(p->pool, "picture.svg.in", &a, insert_part, p, out);
    out_free(&p->body);
}
