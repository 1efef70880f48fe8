/* What bench measured, for people and for programs. */
#include "bench.h"

#include <string.h>

#include "divide.h"
#include "kernel.h"
#include "out.h"

enum {
    BAR = 15,            /* columns */
    TRIFLE_NS = 100,     /* steps below are not told from the clock: no rates of theirs */
};

static double total_ns(const struct bench *b)
{
    double sum = 0;
    for (int i = 0; i < b->plan->step.n; i++)
        sum += b->step[i];
    return sum > 0 ? sum : 1;
}

/* Threads that a run uses here, of as many as one likes. */
static int most_parts(const struct bench *b)
{
    const char *unknown;
    return divide_most_parts(b->plan, targets_parse(b->isa, &unknown));
}

static int64_t total_macs(const struct bench *b)
{
    int64_t sum = 0;
    for (int i = 0; i < b->plan->step.n; i++)
        sum += b->plan->step.at[i]->macs;
    return sum;
}

double bench_rate(int64_t macs, double ns)
{
    return ns >= TRIFLE_NS ? 2 * (double)macs / ns : 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

/* "   101.3   86%": and the part of the peak of so many threads. */
static void write_rate(const struct bench *b, double gflops, int threads, struct out *out)
{
    if (gflops > 0 && b->peak > 0)
        out_printf(out, "  %7.1f  %4.0f%%", gflops, 100 * gflops / (b->peak * threads));
    else
        out_printf(out, "  %7s  %5s", "-", "-");
}

/* Whole columns and, where there are blocks, an eighth of one as the end. */
static void write_bar(double share, bool unicode, struct out *out)
{
    static const char *const eighth[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int eighths = (int)(8 * BAR * share + 0.5);
    int columns = unicode ? eighths / 8 : (eighths + 4) / 8;
    out_printf(out, "%s", eighths >= (unicode ? 1 : 4) ? "  " : "");
    for (int i = 0; i < columns; i++)
        out_printf(out, "%s", unicode ? "█" : "#");
    if (unicode)
        out_printf(out, "%s", eighth[eighths % 8]);
}

static void write_steps(const struct bench *b, bool unicode, struct out *out)
{
    double total = total_ns(b), largest = 1;
    for (int i = 0; i < b->plan->step.n; i++)
        if (b->step[i] > largest)
            largest = b->step[i];
    out_printf(out, "%4s  %-20s %-18s  %9s  %6s  %7s  %5s\n", "step", "layer", "kernel",
            "median us", "share", "GFLOP/s", "peak");
    for (int i = 0; i < b->plan->step.n; i++) {
        const struct step *s = b->plan->step.at[i];
        out_printf(out, "%4d  %-20.20s %-18.18s  %9.2f  %5.1f%%", s->index, s->group->out->name,
                s->kernel->name, b->step[i] / 1e3, 100 * b->step[i] / total);
        write_rate(b, bench_rate(s->macs, b->step[i]), 1, out);
        write_bar(b->step[i] / largest, unicode, out);
        out_printf(out, "\n");
    }
}

static void write_whole(const struct bench *b, struct out *out)
{
    int parts = most_parts(b);
    out_printf(out, "\n%-26s  %9s  %9s  %20s  %7s  %5s\n", "the whole network", "median us",
            "minimum", "quartiles", "GFLOP/s", "peak");
    for (int i = 0; i < b->runs.n; i++) {
        const struct bench_runs *r = &b->runs.at[i];
        out_printf(out, "%3d thread%s, %6d runs%*s  %9.2f  %9.2f  %8.2f .. %8.2f", r->threads,
                r->threads == 1 ? "" : "s", r->count, r->threads == 1 ? 3 : 2, "", r->median / 1e3,
                r->minimum / 1e3, r->low / 1e3, r->high / 1e3);
        write_rate(b, bench_rate(total_macs(b), r->median), r->threads < parts ? r->threads : parts,
                out);
        out_printf(out, "\n");
    }
}

/* What would surprise about the numbers. */
static void write_notes(const struct bench *b, struct out *out)
{
    int beyond = 0;
    for (int i = 0; i < b->plan->step.n; i++) {
        const struct step *s = b->plan->step.at[i];
        beyond += strstr(s->kernel->name, "winograd") && bench_rate(s->macs, b->step[i]) > b->peak;
    }
    if (beyond)
        out_printf(out, "Beyond the peak: GFLOP/s count the operations of the definition, "
                "of which Winograd saves many.\n");
    if (b->runs.n > 1 && most_parts(b) == 1)
        out_printf(out, "No step is worth dividing: all runs take one thread.\n");
}

void bench_table(const struct bench *b, bool unicode, struct out *out)
{
    out_printf(out, "%s: each step on one thread; peak of %s here: %.1f GFLOP/s\n",
            b->plan->graph->name, b->isa, b->peak);
    out_printf(out, "reading: %.1f GB/s from memory, %.1f from 256 KB\n", b->memory, b->cache);
    write_steps(b, unicode, out);
    write_whole(b, out);
    write_notes(b, out);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* {"name", "isa", "peak_gflops": of its FMA on one thread,
 *  "memory_gbs", "cache_gbs": read on one thread, from memory and from 256 KB,
 *  "steps": [{"step": from 1, "layer", "kernel", "macs", "median_us", "share": of the sum,
 *      "gflops": or null, "peak_share": or null}],
 *  "runs": [{"threads", "count", "median_us", "minimum_us", "quartiles_us": [2]}]}
 * Steps are timed on one thread. Keys may be added, not changed. */

static void json_rate(const struct bench *b, double gflops, struct out *out)
{
    if (gflops > 0 && b->peak > 0)
        out_printf(out, "\"gflops\": %.3f, \"peak_share\": %.4f", gflops, gflops / b->peak);
    else
        out_printf(out, "\"gflops\": null, \"peak_share\": null");
}

static void json_steps(const struct bench *b, struct out *out)
{
    double total = total_ns(b);
    for (int i = 0; i < b->plan->step.n; i++) {
        const struct step *s = b->plan->step.at[i];
        out_printf(out, "    {\"step\": %d, \"layer\": \"%s\", \"kernel\": \"%s\", ", s->index,
                s->group->out->name, s->kernel->name);
        out_printf(out, "\"macs\": %lld, \"median_us\": %.3f, \"share\": %.4f, ",
                (long long)s->macs, b->step[i] / 1e3, b->step[i] / total);
        json_rate(b, bench_rate(s->macs, b->step[i]), out);
        out_printf(out, "}%s\n", i + 1 < b->plan->step.n ? "," : "");
    }
}

static void json_runs(const struct bench *b, struct out *out)
{
    for (int i = 0; i < b->runs.n; i++) {
        const struct bench_runs *r = &b->runs.at[i];
        out_printf(out, "    {\"threads\": %d, \"count\": %d, \"median_us\": %.3f, ", r->threads,
                r->count, r->median / 1e3);
        out_printf(out, "\"minimum_us\": %.3f, \"quartiles_us\": [%.3f, %.3f]}%s\n",
                r->minimum / 1e3, r->low / 1e3, r->high / 1e3, i + 1 < b->runs.n ? "," : "");
    }
}

void bench_json(const struct bench *b, struct out *out)
{
    out_printf(out, "{\n  \"name\": \"%s\",\n  \"isa\": \"%s\",\n  \"peak_gflops\": %.3f,\n",
            b->plan->graph->name, b->isa, b->peak);
    out_printf(out, "  \"memory_gbs\": %.3f,\n  \"cache_gbs\": %.3f,\n", b->memory, b->cache);
    out_printf(out, "  \"steps\": [\n");
    json_steps(b, out);
    out_printf(out, "  ],\n  \"runs\": [\n");
    json_runs(b, out);
    out_printf(out, "  ]\n}\n");
}
