/* plot: a picture of a network, as SVG, or as DOT for Graphviz to draw. */
#include "plot.h"

#include <string.h>

#include "bench.h"
#include "build.h"
#include "session.h"

static bool is_dot(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && !strcmp(path + n - 4, ".dot");
}

/* Of a session that is planned. */
static void draw(struct session *s, struct out *out)
{
    struct summary summary = summarise(s);
    struct picture picture;
    if (is_dot(s->options->output)) {
        plot_dot(&summary, out);
        return;
    }
    picture_init(&picture, s->pool, pictures[s->options->picture]);
    if (s->options->picture == PICTURE_MEMORY)
        plot_memory(&summary, &picture);
    else if (!plot_graph(&summary, &picture))
        die("the graph is too tangled to be drawn here: write a .dot, which Graphviz draws");
    picture_write(&picture, true, out);
}

static int measure(struct session *s, struct out *out)
{
    struct build build;
    struct bench bench;
    struct picture picture;
    build_open(&build, s->pool, s->options);
    int status = bench_measure(s, &build, &bench);
    if (status)
        return status;
    picture_init(&picture, s->pool, pictures[PICTURE_TIME]);
    plot_time(&bench, &picture);
    picture_write(&picture, true, out);
    return 0;
}

static int plan_and_draw(struct session *s, struct out *out)
{
    bool planned = session_read(s) && session_plan(s);
    int status = session_report(s);
    if (planned)
        draw(s, out);
    return status;
}

int command_plot(struct session *s)
{
    struct out out;
    out_init(&out);
    int status = s->options->picture == PICTURE_TIME ? measure(s, &out) : plan_and_draw(s, &out);
    if (status)
        out_free(&out);
    else
        session_save(s, &out);
    return status;
}
