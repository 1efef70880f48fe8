#include "conv2d.h"

bool conv2d_is_pointwise(const struct conv2d *a)
{
    return a->kernel[0] == 1 && a->kernel[1] == 1 && a->strides[0] == 1 && a->strides[1] == 1 &&
           !a->pad[0] && !a->pad[1] && !a->pad[2] && !a->pad[3] && a->groups == 1;
}

bool conv2d_is_depthwise(const struct conv2d *a)
{
    return a->groups == a->in_channels && a->groups > 1;
}

bool conv2d_clips_rows(const struct conv2d *a, int ih, int oh)
{
    int64_t last = (int64_t)(oh - 1) * a->strides[0] - a->pad[0] + (int64_t)(a->kernel[0] - 1) * a->dilation[0];
    return a->pad[0] > 0 || last >= ih;
}

bool conv2d_fills(const struct conv2d *a, int axis, int in, int out)
{
    bool filled = true;
    for (int o = 0; o < out && filled; o++) {
        int64_t before = a->pad[2 * axis] - (int64_t)o * a->strides[axis], d = a->dilation[axis];
        int64_t first = before > 0 ? (before + d - 1) / d : 0;
        filled = first < a->kernel[axis] && first * d < before + in;
    }
    return filled;
}

void conv2d_halo(const struct group *g, int *left, int *right)
{
    const struct conv2d *a = g->main->attr;
    struct hwc in = shape_hwc(&g->in.at[0]->shape), out = shape_hwc(&g->main->out->shape);
    int64_t last = (int64_t)(out.w - 1) * a->strides[1] - a->pad[2] + (int64_t)(a->kernel[1] - 1) * a->dilation[1];
    *left = a->pad[2];
    *right = last >= in.w ? (int)(last - in.w + 1) : 0;
}

double conv2d_stream_cost(const struct group *g, int64_t batch, const struct target *t, double weight_bytes)
{
    double in = 4.0 * (double)shape_size(&g->in.at[0]->shape) * (double)batch;
    double out = 4.0 * (double)shape_size(&g->out->shape) * (double)batch;
    return cost_stream(t, in + weight_bytes + (g->add ? out : 0), out);
}

/* What an input, loaded to all lanes, takes in loads. Of neighbouring pixels they lie at the same place of
 * cache lines, so that two of them meet in one bank (measured with AVX2 on Zen 3: 14 pixels by one vector took
 * 8.4 cycles, not 7.5). */
static const double broadcast_loads[TARGET_COUNT] = {
    [TARGET_SCALAR] = 1, [TARGET_SSE2] = 1, [TARGET_AVX2] = 1.12, [TARGET_AVX512] = 1, [TARGET_NEON] = 1,
    [TARGET_WASM] = 1,
};

double conv2d_step_cycles(const struct target *t, int p, int nr)
{
    double sums = p * nr, rate = t->fma_per_cycle * t->fastest, hidden = sums / (4 * rate);
    double busy = cost_fma(t, sums, nr + p * broadcast_loads[t->id]), wait = 4 * t->fastest;
    return (busy > wait ? busy : wait) + (hidden < 2 ? 0.3 * rate * t->fastest * (2 - hidden) : 0);
}

double conv2d_stand_in(const struct target *of, const struct target *t)
{
    return of->fastest / t->fastest * (of->fma && !t->fma ? 0.6 : 1);
}

double conv2d_weight_rate(double param_bytes, const struct target *t)
{
    return param_bytes > 4 * t->l3 ? t->dram_bytes : param_bytes > t->l2 ? t->l3_bytes : t->l2_bytes;
}

/* A third (measured). */
double conv2d_far_weights_cost(const struct group *g, const struct target *t, double weight_bytes)
{
    double rate = conv2d_weight_rate(g->param_bytes, t);
    return rate < t->l2_bytes ? t->fastest * weight_bytes / rate / 3 : 0;
}

void conv2d_pack_channel(const struct group *g, int oc, float *at, int64_t step)
{
    const struct weight *bias = find_weight(g->main, "bias");
    at[0] = bias ? bias->data[oc] + 0.0f : 0.0f;  /* no -0: terms of zero leave no trace in the sum */
    if (g->affine) {
        at[step] = find_weight(g->affine, "scale")->data[oc];
        at[2 * step] = find_weight(g->affine, "shift")->data[oc];
    }
}

void conv2d_pack_blocks(struct pool *pool, struct step *step, int64_t products, int block)
{
    const struct group *g = step->group;
    const struct conv2d *a = g->main->attr;
    int64_t channels = round_up(a->filters, block);
    float *w = step_weights(pool, step, channels * (products + (g->affine ? 3 : 1)));
    float *bias = w + channels * products;
    const float *kernel = g->main->weight[0].data;

    for (int c = 0; c < a->filters; c++) {
        float *to = w + c / block * block * products + c % block;
        for (int64_t i = 0; i < products; i++)
            to[i * block] = kernel[i * a->filters + c];
        conv2d_pack_channel(g, c, bias + c, channels);
    }
}

void conv2d_bind_shape(struct pool *pool, struct args *args, const struct step *step)
{
    const struct conv2d *a = step->group->main->attr;
    args_int(pool, args, "IC", a->in_channels / a->groups);
    args_int(pool, args, "OC", a->filters / a->groups);
    args_int(pool, args, "G", a->groups);
    args_int(pool, args, "IH", step->in.at[0].h);
    args_int(pool, args, "OH", step->out.h);
    args_int(pool, args, "KH", a->kernel[0]);
    args_int(pool, args, "KW", a->kernel[1]);
    args_int(pool, args, "SH", a->strides[0]);
    args_int(pool, args, "SW", a->strides[1]);
    args_int(pool, args, "DH", a->dilation[0]);
    args_int(pool, args, "DW", a->dilation[1]);
    args_int(pool, args, "PT", a->pad[0]);
    args_int(pool, args, "PL", a->pad[2]);
    bind_view(pool, args, "X", &step->in.at[0]);
    bind_view(pool, args, "Y", &step->out);
}

void conv2d_transpose_bind_shape(struct pool *pool, struct args *args, const struct step *step)
{
    const struct conv2d_transpose *a = step->group->main->attr;
    args_int(pool, args, "IC", a->in_channels);
    args_int(pool, args, "OC", a->filters);
    args_int(pool, args, "IH", step->in.at[0].h);
    args_int(pool, args, "OH", step->out.h);
    args_int(pool, args, "OW", step->out.w);
    args_int(pool, args, "KH", a->kernel[0]);
    args_int(pool, args, "KW", a->kernel[1]);
    args_int(pool, args, "SH", a->strides[0]);
    args_int(pool, args, "SW", a->strides[1]);
    args_int(pool, args, "PT", a->pad[0]);
    args_int(pool, args, "PL", a->pad[2]);
    bind_view(pool, args, "X", &step->in.at[0]);
    bind_view(pool, args, "Y", &step->out);
}

int conv2d_block(int channels)
{
    return channels <= 4 ? 4 : channels <= 8 ? 8 : 16;
}
