/* The graph in Graphviz' language. What stands in quotes there takes backslashes for escapes. */
#include "plot.h"

static const char *dot_text(struct pool *pool, const char *text)
{
    struct out out;
    out_init(&out);
    for (const char *c = text; *c; c++)
        out_printf(&out, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
    text = pool_copy(pool, out.text, out.len);
    out_free(&out);
    return text;
}

static void write_box(struct pool *pool, const struct diagram_box *b, int number, struct out *out)
{
    const struct kind_look *look = &kind_looks[b->kind];
    out_printf(out, "    n%d [fillcolor=\"%s\", color=\"%s\", label=\"", number, look->fill,
            look->line);
    for (int i = 0; i < b->line.n; i++)
        out_printf(out, "%s%s", i ? "\\n" : "", dot_text(pool, b->line.at[i].text));
    out_printf(out, "\", tooltip=\"%s\"%s];\n", dot_text(pool, b->tooltip),
            b->output ? ", peripheries=2" : "");
}

void plot_dot(const struct summary *s, struct out *out)
{
    struct diagram d = diagram_make(s);
    out_printf(out, "// %s: %s. To draw it: dot -Tsvg FILE.dot -o FILE.svg\n", s->graph->name,
            totals_text(s));
    out_printf(out, "digraph \"%s\" {\n", s->graph->name);
    out_printf(out,
            "    node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", "
            "fontsize=11];\n");
    for (int b = 0; b < d.box.n; b++)
        write_box(s->pool, &d.box.at[b], b, out);
    for (int i = 0; i < d.arrow.n; i++)
        out_printf(out, "    n%d -> n%d;\n", d.arrow.at[i].from, d.arrow.at[i].to);
    out_printf(out, "}\n");
}
