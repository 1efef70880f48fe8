/* SPDX-License-Identifier: 0BSD
 *
 * rt_math_text.h: one loop per function of cnn_math.h, and a table of them, for one instruction
 * set.
 */
#define RT_MAP(name, value, exact, ulps, absolute)                                                 \
    static CNN_NOINLINE void CNN_JOIN(map_##name)(const float *in, float *out, int n)              \
    {                                                                                              \
        int i;                                                                                     \
                                                                                                   \
        for (i = 0; i < n; i += CNN_VL) {                                                          \
            vf x = vf_load(in + i);                                                                \
                                                                                                   \
            vf_store(out + i, value);                                                              \
        }                                                                                          \
    }
RT_FUNCTIONS(RT_MAP)
#undef RT_MAP

#define RT_MAP(name, value, exact, ulps, absolute) CNN_JOIN(map_##name),
static rt_map *const CNN_JOIN(maps)[] = {RT_FUNCTIONS(RT_MAP)};
#undef RT_MAP
