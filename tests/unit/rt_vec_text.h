/* SPDX-License-Identifier: 0BSD
 *
 * rt_vec_text.h: the vector helpers wrapped into functions on arrays, for one instruction set.
 */

/* out[i] = value of the lanes a, b, c, d for n = a multiple of the vector length. */
#define RT_MAP(name, value, exact)                                                                 \
    static CNN_NOINLINE void CNN_JOIN(lanes_##name)(const float *pa, const float *pb,              \
                                                    const float *pc, float *out, int n)            \
    {                                                                                              \
        int i;                                                                                     \
                                                                                                   \
        for (i = 0; i < n; i += CNN_VL) {                                                          \
            vf a = vf_load(pa + i);                                                                \
            vf b = vf_load(pb + i);                                                                \
            vf c = vf_load(pc + i);                                                                \
                                                                                                   \
            (void)a;                                                                               \
            (void)b;                                                                               \
            (void)c;                                                                               \
            vf_store(out + i, value);                                                              \
        }                                                                                          \
    }
RT_LANES(RT_MAP)
#undef RT_MAP

#define RT_MAP(name, value, exact) CNN_JOIN(lanes_##name),
static rt_lanes *const CNN_JOIN(lanes)[] = {RT_LANES(RT_MAP)};
#undef RT_MAP

static CNN_NOINLINE float CNN_JOIN(sum)(const float *p)
{
    return vf_sum(vf_load(p));
}

static CNN_NOINLINE float CNN_JOIN(sum16)(const float *p)
{
    return vf_sum16(p);
}

static CNN_NOINLINE float CNN_JOIN(hmax)(const float *p)
{
    return vf_hmax(vf_load(p));
}

/* One vector for each of RT_SPREADS, whose numbers the compiler knows. */
static CNN_NOINLINE void CNN_JOIN(spread)(const float *in, float *out)
{
#if CNN_VL > 1
    const vf v = vf_load(in);

#define RT_STORE(run, apart, i) vf_store(out, vf_spread(v, run, apart, i)); out += CNN_VL;
    RT_SPREADS(RT_STORE)
#undef RT_STORE
#else
    (void)in;
    (void)out;
#endif
}

/* One vector for each of RT_SLIDES. */
static CNN_NOINLINE void CNN_JOIN(slide)(const float *in, float *out)
{
#if CNN_VL > 1
    const vf v = vf_load(in);

#define RT_STORE(by) vf_store(out, vf_slide(v, by)); out += CNN_VL;
    RT_SLIDES(RT_STORE)
#undef RT_STORE
#else
    (void)in;
    (void)out;
#endif
}

/* One vector for each of RT_OTHERS, of two. */
static CNN_NOINLINE void CNN_JOIN(other)(const float *in, float *out)
{
#if CNN_VL > 1
    const vf a = vf_load(in);
    const vf b = vf_load(in + CNN_VL);

#define RT_STORE(run) vf_store(out, vf_every_other(a, b, run)); out += CNN_VL;
    RT_OTHERS(RT_STORE)
#undef RT_STORE
#else
    (void)in;
    (void)out;
#endif
}

#if CNN_VL > 1

/* Vector number `at` of n channels interleaved. */
CNN_INLINE vf CNN_JOIN(woven)(const float *in, int n, int at)
{
    vf v = vf_load(in);
    int k;

    for (k = 1; k < n; k++)
        v = vf_weave(v, vf_load(in + k * CNN_VL), n, k, at * CNN_VL);
    return v;
}

/* Channel k of n. */
CNN_INLINE vf CNN_JOIN(picked)(const float *in, int n, int k)
{
    vf v = vf_load(in);
    int j;

    for (j = 1; j < n; j++)
        v = vf_pick(v, vf_load(in + j * CNN_VL), n, k, j);
    return v;
}

#endif

static CNN_NOINLINE void CNN_JOIN(weave)(const float *in, float *out, int n)
{
#if CNN_VL > 1
    int i;

#define RT_CASE(channels) \
    for (i = 0; n == channels && i < n; i++) \
        vf_store(out + i * CNN_VL, CNN_JOIN(woven)(in, channels, i));
    RT_CHANNELS(RT_CASE)
#undef RT_CASE
#else
    (void)in;
    (void)out;
    (void)n;
#endif
}

static CNN_NOINLINE void CNN_JOIN(pick)(const float *in, float *out, int n)
{
#if CNN_VL > 1
    int i;

#define RT_CASE(channels) \
    for (i = 0; n == channels && i < n; i++) \
        vf_store(out + i * CNN_VL, CNN_JOIN(picked)(in, channels, i));
    RT_CHANNELS(RT_CASE)
#undef RT_CASE
#else
    (void)in;
    (void)out;
    (void)n;
#endif
}

/* Tails of a length that the compiler knows, as in generated code, and of one that it doesn't. */
static CNN_NOINLINE void CNN_JOIN(copy_n)(const float *in, float *out, int n)
{
    vf_store_n(out, vf_load_n(in, n), n);
}

static CNN_NOINLINE void CNN_JOIN(copy_known)(const float *in, float *out, int n)
{
    switch (n) {
#define RT_CASE(k) case k: if (k <= CNN_VL) vf_store_n(out, vf_load_n(in, k), k); break;
        RT_TAILS(RT_CASE)
#undef RT_CASE
    }
}

static CNN_NOINLINE void CNN_JOIN(load_n)(const float *in, float *out, int n)
{
    vf_store(out, vf_load_n(in, n));
}

static CNN_NOINLINE void CNN_JOIN(from_u8_n)(const uint8_t *in, float *out, int n)
{
    vf_store(out, n == CNN_VL ? vf_from_u8(in) : vf_from_u8_n(in, n));
}

static CNN_NOINLINE void CNN_JOIN(from_u8_known)(const uint8_t *in, float *out, int n)
{
    switch (n) {
#define RT_CASE(k) case k: if (k <= CNN_VL) vf_store(out, vf_from_u8_n(in, k)); break;
        RT_TAILS(RT_CASE)
#undef RT_CASE
    }
}

static const struct rt_vec CNN_JOIN(vec) = {
    CNN_VL, CNN_JOIN(lanes), CNN_JOIN(sum), CNN_JOIN(sum16), CNN_JOIN(hmax), CNN_JOIN(spread),
    CNN_JOIN(slide), CNN_JOIN(other), CNN_JOIN(weave), CNN_JOIN(pick),
    CNN_JOIN(copy_n), CNN_JOIN(copy_known), CNN_JOIN(load_n), CNN_JOIN(from_u8_n),
    CNN_JOIN(from_u8_known),
};
