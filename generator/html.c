#include "html.h"

#include "svg.h"

static void write_heads(struct html *h, const char *const *heads)
{
    out_printf(h->out, "<thead><tr>");
    for (; *heads; heads++)
        out_printf(h->out, "<th scope=\"col\"%s>%s</th>", **heads == '#' ? " class=\"n\"" : "",
                xml_text(h->pool, *heads + (**heads == '#')));
    out_printf(h->out, "</tr></thead>\n");
}

void html_table(struct html *h, const char *caption, const char *const *heads)
{
    out_printf(h->out, "<table>\n");
    if (caption)
        out_printf(h->out, "<caption>%s</caption>\n", xml_text(h->pool, caption));
    if (heads)
        write_heads(h, heads);
    out_printf(h->out, "<tbody>\n");
}

void html_end_table(struct html *h) { out_printf(h->out, "</tbody>\n</table>\n"); }

void html_row(struct html *h) { out_printf(h->out, "<tr>"); }

void html_end_row(struct html *h) { out_printf(h->out, "</tr>\n"); }

void html_head(struct html *h, const char *text)
{
    out_printf(h->out, "<th scope=\"row\">%s</th>", xml_text(h->pool, text));
}

void html_cell(struct html *h, const char *text)
{
    out_printf(h->out, "<td>%s</td>", xml_text(h->pool, text));
}

void html_number(struct html *h, const char *text)
{
    out_printf(h->out, "<td class=\"n\">%s</td>", xml_text(h->pool, text));
}
