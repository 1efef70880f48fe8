#include "html.h"

#include "svg.h"

void html_table(struct html *h, const char *caption, const char *const *heads)
{
    out_printf(h->out, "<table>\n<caption>%s</caption>\n<thead><tr>", xml_text(h->pool, caption));
    for (; *heads; heads++)
        out_printf(h->out, "<th scope=\"col\"%s>%s</th>", **heads == '#' ? " class=\"n\"" : "",
                xml_text(h->pool, *heads + (**heads == '#')));
    out_printf(h->out, "</tr></thead>\n<tbody>\n");
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
