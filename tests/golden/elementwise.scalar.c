/* elementwise.c: a convolutional network, made by cnngen 0.1.0 from elementwise.cnn.yaml. Do not edit; make it again with
 *
 *     cnngen --target scalar elementwise.cnn.yaml
 *
 * SPDX-License-Identifier: 0BSD
 *
 * Compile with: cc -O2 -fopenmp    (without -fopenmp it runs on one thread)
 *
 * step  result                 shape          kernel                      MACs     weights  what
 *    1  scaled                 6x6x5          unary                          0           8  copy + scale and shift
 *    2  sum                    6x6x5          binary                         0           0  add
 *    3  bent                   6x6x5          binary                         0           0  multiply + gelu
 *    4  pooled                 6x6x5          pool2d                         0           0  max_pooling2d
 *    5  normal                 6x6x10         layernorm                      0         192  layer_normalization
 *    6  mean                   10             global_pool2d                  0           0  global_average_pooling2d
 *    7  share                  10             softmax                        0          64  softmax
 *    8  big                    12x12x10       upsample                       0          32  up_sampling2d
 *    9  turned                 10x12x12       permute                        0           0  permute
 *    -  scale_of_all           6x6x5          (read in place)                0         720  constant
 *
 * Math: fast.
 * Arena: 7232 bytes (tensors alive at once 7200, halos and rounding 32, gaps 0)
 * and 0 of scratch for each thread. Weights: 1016 bytes.
 */
#include "elementwise.scalar.h"

#if !defined(ELEMENTWISE_CNNGEN_VERSION) || ELEMENTWISE_CNNGEN_VERSION != 100
#error "this is not the header of elementwise.c: another version of cnngen made it; make both files again, in one run"
#elif ELEMENTWISE_MODEL_HASH != 0x3ea37e1d3cfe95deU
#error "this is not the header of elementwise.c: it belongs to another model, or other options; make both files again, in one run"
#endif

/* 1: --math=strict: no FMA, the same bits everywhere. */
#if !defined(CNN_STRICT)
#define CNN_STRICT 0
#elif CNN_STRICT != 0
#error "programs made with --math=strict and others can't be compiled as one file"
#endif

#include "cnn_rt.h"
#include "cnn_names.h"

#if !defined(CNN_RT_VERSION) || CNN_RT_VERSION != 100
#error "elementwise.c needs the runtime of cnngen 0.1.0: make it again with the cnngen of the runtime that is there"
#endif

/* ---- instruction sets ------------------------------------------------------------------------------
 *
 * The best one of this build that the CPU has is chosen in each run. -DELEMENTWISE_NO_AVX512 and the like leave
 * one out of the build; portable C is left out where there are vectors, unless -DELEMENTWISE_SCALAR=1. */

#if !defined(ELEMENTWISE_SCALAR)
#define ELEMENTWISE_SCALAR 1
#endif

/* ---- weights ---------------------------------------------------------------------------------------
 *
 * The constants of each step, in the order in which its kernel reads them. */

/* Of each array: __attribute__((section(".qspi"))). */
#if !defined(ELEMENTWISE_WEIGHTS_ATTR)
#define ELEMENTWISE_WEIGHTS_ATTR
#endif

/* scale_of_all: read where it lies */
static const float elementwise_c1[180] CNN_ALIGNED(64) ELEMENTWISE_WEIGHTS_ATTR = {
    -0.0659637824f, 0.0573688149f, 0.0505005382f, 0.0244185571f, -0.0571253411f, -0.0522806533f, 0.0402037986f, -0.0419744626f,
    0.029343104f, -0.0667106509f, -0.078195475f, -0.0375342481f, -0.0420272835f, -0.0966861472f, 0.0200711843f, 0.0786335394f,
    0.0360174179f, 0.0128217582f, 0.0267639291f, 0.0782306418f, 0.0866322443f, -0.0840482041f, 0.0769782811f, 0.0179472566f,
    -0.0469411127f, -0.0985677391f, -0.0123808263f, 0.0855218396f, 0.0462922566f, -0.0790298358f, 0.0483539216f, -0.0782214403f,
    -0.0955708995f, -0.0361520424f, -0.0765785724f, 0.0707205534f, -0.00154762273f, 0.097614184f, 0.0974549428f, 0.0100005511f,
    -0.071886003f, 0.0501770489f, 0.067866385f, -0.0875401124f, 0.0630719587f, 0.0882687569f, -0.0505943671f, -0.0795382261f,
    -0.0340424441f, 0.0807932019f, -0.0716179237f, 0.0281049497f, 0.085065864f, -0.0722189918f, -0.0196479913f, -0.027248336f,
    -0.0562098287f, 0.0935339853f, 0.00982484873f, -0.0582771301f, -0.0836171284f, -0.0119712595f, -0.00341514358f, -0.0590361618f,
    -0.00999367237f, 0.0049809101f, 0.0708915591f, 0.0247971658f, 0.0544199944f, 0.0264160391f, -0.0494561456f, 0.0689751282f,
    0.0601396821f, -0.019996345f, 0.0898955017f, 0.0451663621f, 0.0955029279f, 0.0333911069f, -0.0311473496f, 0.0277618412f,
    0.0291154515f, -0.0345636122f, -0.0403220542f, 0.0522267483f, -0.0448470712f, 0.0254766829f, 0.0822897926f, -0.00457179546f,
    0.0971323475f, -0.015231085f, 0.0443080552f, 0.0269934069f, -0.0478637107f, -0.028967429f, 0.00792975444f, 0.0926056057f,
    0.0951903611f, -0.035304714f, -0.0488005988f, 0.00675575761f, 0.0745894462f, 0.0248831753f, 0.0605940931f, 0.0480268709f,
    0.00531622162f, 0.0761275068f, -0.0927607939f, -0.0592729822f, -0.0273960363f, 0.0932250172f, 0.0212964769f, -0.0587963462f,
    0.0532739051f, -0.097166352f, 0.0694633052f, 0.0630889684f, -0.00881652813f, 0.0736398697f, 0.0766560361f, -0.0323584676f,
    -0.0727301463f, 0.0723317191f, -0.0128366118f, 0.0282937046f, -0.0620436929f, 0.0507002249f, 0.0779416114f, 0.0223239064f,
    -0.0333788991f, 0.0131831644f, -0.0403051637f, -0.09964706f, -0.0799029469f, -0.00214639911f, -0.0243792888f, -0.0786963701f,
    0.0378257036f, 0.0188362729f, -0.00723444251f, -0.0912196413f, 0.0352778919f, -0.0778764114f, -0.052559495f, -0.0613140129f,
    -0.0936372802f, -0.0677103177f, -0.0789520666f, 0.0645105615f, 0.0982053056f, 0.0745577142f, 0.0687429234f, -0.0955179855f,
    0.050371062f, 0.0601400025f, 0.016189469f, 0.0600143559f, 0.0385071523f, -0.0600808747f, 0.0405484214f, -0.0654979572f,
    -0.0560368076f, -0.0742146745f, -0.0582227372f, 0.00424124021f, -0.0830976591f, 0.0100636603f, -0.0455253012f, 0.0495313406f,
    -0.0424885862f, -0.0124638677f, 0.072541073f, 0.077203095f, 0.0697000623f, 0.090965949f, 0.0486618057f, 0.00991616305f,
    0.0267016776f, -0.0760197788f, -0.0822999105f, 0.0642508641f,
};

/* step 1, scaled: unary */
static const float elementwise_w1[2] CNN_ALIGNED(64) ELEMENTWISE_WEIGHTS_ATTR = {
    0.25f, 0.0f,
};

/* step 5, normal: layernorm */
static const float elementwise_w5[48] CNN_ALIGNED(64) ELEMENTWISE_WEIGHTS_ATTR = {
    0.0f, 1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f, 7.0f,
    8.0f, 9.0f, 10.0f, 11.0f, 12.0f, 13.0f, 14.0f, 15.0f,
    0.980361402f, 1.01647222f, 1.15666759f, 0.920862019f, 1.08785653f, 0.971341789f, 1.18089437f, 1.0175333f,
    1.12122571f, 1.00538075f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.0131558776f, 0.0878494158f, -0.0772541538f, 0.0338312872f, 0.0448158048f, -0.099423863f, 0.0823912621f, 0.0385328904f,
    0.0999689698f, 0.0613186844f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
};

/* step 7, share: softmax */
static const float elementwise_w7[16] CNN_ALIGNED(64) ELEMENTWISE_WEIGHTS_ATTR = {
    0.0f, 1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f, 7.0f,
    8.0f, 9.0f, 10.0f, 11.0f, 12.0f, 13.0f, 14.0f, 15.0f,
};

/* step 8, big: upsample */
static const float elementwise_w8[8] CNN_ALIGNED(64) ELEMENTWISE_WEIGHTS_ATTR = {
    0.25f, 0.75f, 0.75f, 0.25f, 0.25f, 0.75f, 0.75f, 0.25f,
};


/* ---- steps ---------------------------------------------------------------------------------------- */

struct elementwise_job;

/* Does units first to last - 1 of a step; thread says whose scratch it may use. */
typedef void elementwise_step(const struct elementwise_job *job, int first, int last, int thread);

struct elementwise_work {
    elementwise_step *run;
    int units;
    int parts; /* threads among which dividing the units pays on this instruction set */
};

struct elementwise_job {
    const uint8_t *in_a;
    const float *in_b;
    float *out_share;
    float *out_turned;
    unsigned char *arena;
    const struct elementwise_work *work; /* one for each step, of the chosen instruction set */
};

/* ---- portable C99 ------------------------------------------------------------------------------ */

#if ELEMENTWISE_SCALAR
#include "cnn_vec_scalar.h"
#ifndef CNN_MATH_SCALAR
#define CNN_MATH_SCALAR
#include "cnn_math.h"
#endif

/* unary: copy, scale and shift, activation by element; vectors over what is contiguous.
 * For scaled (copy + scale and shift, elementwise.cnn.yaml:6). */
/* One vector: copy + scale and shift. */
CNN_INLINE vf elementwise_unary_1_scalar_of(vf v, const float *w)
{
    v = vf_fma(v, vf_set1(w[0]), vf_set1(w[1]));
    return v;
}

/* A run of n floats: copy + scale and shift. */
CNN_INLINE void elementwise_unary_1_scalar_run(const uint8_t *x, float *y, const float *CNN_RESTRICT w, int n)
{

    int j = 0;

    for (; j + 1 <= n; j += 1)
        vf_store(y + j, elementwise_unary_1_scalar_of(vf_from_u8(x + j), w));
}

/* All of it as one list, 180 floats at a time. */
static void elementwise_unary_1_scalar(const uint8_t *x, float *y, const float *w, int first, int last)
{
    for (int u = first; u < last; u++) {
        const uint8_t *xu = x + (ptrdiff_t)u * 180;
        float *yu = y + (ptrdiff_t)u * 180;
        const int n = 180;

        elementwise_unary_1_scalar_run(xu, yu, w, n);
    }
}

/* binary: sum, product, maximum ... element by element; vectors over what is contiguous.
 * For sum (add, elementwise.cnn.yaml:9). */
/* A run of n floats: add. */
CNN_INLINE void elementwise_binary_2_scalar_run(const float *x0, const float *x1, float *y, int n)
{
    int j = 0;

    for (; j + 1 <= n; j += 1) {
        vf v = vf_load(x0 + j);
        v = vf_add(v, vf_load(x1 + j));
        vf_store(y + j, v);
    }
}

/* All of it as one list, 180 floats at a time. */
static void elementwise_binary_2_scalar(const float *x0, const float *x1, float *y, int first, int last)
{
    for (int u = first; u < last; u++) {
        const ptrdiff_t at = (ptrdiff_t)u * 180;
        const float *x0u = x0 + at;
        const float *x1u = x1 + at;
        float *yu = y + at;
        const int n = 180;

        elementwise_binary_2_scalar_run(x0u, x1u, yu, n);
    }
}

/* binary: sum, product, maximum ... element by element; vectors over what is contiguous.
 * For bent (multiply + gelu, elementwise.cnn.yaml:11). */
/* A run of n floats: multiply + gelu. */
CNN_INLINE void elementwise_binary_3_scalar_run(const float *x0, const float *x1, float *y, int n)
{
    int j = 0;

    for (; j + 1 <= n; j += 1) {
        vf v = vf_load(x0 + j);
        v = vf_mul(v, vf_load(x1 + j));
        v = vf_gelu(v);
        vf_store(y + j, v);
    }
}

/* All pixels as one list, 36 at a time. */
static void elementwise_binary_3_scalar(const float *x0, const float *x1, float *y, int first, int last)
{
    for (int u = first; u < last; u++) {
        /* From image to image, plane to plane, row to row, pixel to pixel; 0 where an operand
         * stretches. */
        static const int pitch[2][4] = {
            {180, 180, 30, 5}, {0, 180, 30, 5}
        };
        const ptrdiff_t at = (ptrdiff_t)u * 36;
        const float *x0u = x0 + at * pitch[0][3];
        const float *x1u = x1 + at * pitch[1][3];
        float *yu = y + at * 10;
        const int n = 36;

        for (int i = 0; i < n; i++)
            elementwise_binary_3_scalar_run(x0u + i * pitch[0][3], x1u + i * pitch[1][3], yu + i * 10, 5);
    }
}

/* pool2d: maximum or average of windows, channels in vectors, several windows at once.
 * For pooled (max_pooling2d, elementwise.cnn.yaml:13). */
/* 5 pixels whose windows lie inside, horizontally. */
CNN_INLINE void elementwise_pool2d_4_scalar_5(const float *CNN_RESTRICT x, float *CNN_RESTRICT y, int rows)
{
    for (int c = 0; c < 5; c += 1) {
        vf v;

        v = vf_load(x + c + 0);
        v = vf_max(vf_load(x + c + 60), v);
        vf a0 = v;
        v = vf_load(x + c + 10);
        v = vf_max(vf_load(x + c + 70), v);
        a0 = vf_max(v, a0);
        vf a1 = v;
        v = vf_load(x + c + 20);
        v = vf_max(vf_load(x + c + 80), v);
        a1 = vf_max(v, a1);
        vf a2 = v;
        v = vf_load(x + c + 30);
        v = vf_max(vf_load(x + c + 90), v);
        a2 = vf_max(v, a2);
        vf a3 = v;
        v = vf_load(x + c + 40);
        v = vf_max(vf_load(x + c + 100), v);
        a3 = vf_max(v, a3);
        vf a4 = v;
        v = vf_load(x + c + 50);
        v = vf_max(vf_load(x + c + 110), v);
        a4 = vf_max(v, a4);

        vf_store(y + c + 0, a0);
        vf_store(y + c + 10, a1);
        vf_store(y + c + 20, a2);
        vf_store(y + c + 30, a3);
        vf_store(y + c + 40, a4);
    }
    (void)rows;
}
/* 5 pixels whose windows lie inside, horizontally. */
CNN_INLINE void elementwise_pool2d_4_scalar_clipped_5(const float *CNN_RESTRICT x, float *CNN_RESTRICT y,
        int rows)
{
    for (int c = 0; c < 5; c += 1) {
        vf a0 = vf_set1(-CNN_INFINITY);
        vf a1 = vf_set1(-CNN_INFINITY);
        vf a2 = vf_set1(-CNN_INFINITY);
        vf a3 = vf_set1(-CNN_INFINITY);
        vf a4 = vf_set1(-CNN_INFINITY);

        for (int kh = 0; kh < rows; kh++) {
            const float *p = x + c + kh * 60;
            vf v;

            v = vf_load(p + 0);
            a0 = vf_max(v, a0);
            v = vf_load(p + 10);
            a0 = vf_max(v, a0);
            a1 = vf_max(v, a1);
            v = vf_load(p + 20);
            a1 = vf_max(v, a1);
            a2 = vf_max(v, a2);
            v = vf_load(p + 30);
            a2 = vf_max(v, a2);
            a3 = vf_max(v, a3);
            v = vf_load(p + 40);
            a3 = vf_max(v, a3);
            a4 = vf_max(v, a4);
            v = vf_load(p + 50);
            a4 = vf_max(v, a4);
        }

        vf_store(y + c + 0, a0);
        vf_store(y + c + 10, a1);
        vf_store(y + c + 20, a2);
        vf_store(y + c + 30, a3);
        vf_store(y + c + 40, a4);
    }
}

/* Pixel ox, whose window may reach over the left or right border. */
CNN_INLINE void elementwise_pool2d_4_scalar_border(const float *x, float *y, int ox, int rows)
{
    const int left = 0 - ox * 1, end = 6 + left;
    const int kw0 = left > 0 ? left : 0;
    const int cols = (end < 2 ? end : 2) - kw0;

    x += (kw0 - left) * 10;
    y += ox * 10;
    for (int c = 0; c < 5; c += 1) {
        vf a = vf_set1(-CNN_INFINITY);

        for (int kh = 0; kh < rows; kh++)
            for (int kw = 0; kw < cols; kw++)
                a = vf_max(vf_load(x + c + kh * 60 + kw * 10), a);
        vf_store(y + c, a);
    }
}

static void elementwise_pool2d_4_scalar(const float *x, float *y, int first, int last)
{
    for (int u = first; u < last; u++) {
        const ptrdiff_t image = u / 6;
        const int oy = u % 6;
        const int top = 0 - oy * 1, end = 6 + top;
        const int kh0 = top > 0 ? top : 0;
        const int rows = (end < 2 ? end : 2) - kh0;
        const float *xu = x + image * 360 + (kh0 - top) * 60;
        float *yu = y + image * 360 + oy * 60;

        for (int ox = 5; ox < 6; ox++)
            elementwise_pool2d_4_scalar_border(xu, yu, ox, rows);
        for (int t = 0; t < 1; t++) {
            if (rows < 2)
                elementwise_pool2d_4_scalar_clipped_5(xu, yu, rows);
            else
                elementwise_pool2d_4_scalar_5(xu, yu, rows);
            xu += 50;
            yu += 50;
        }
    }
}

/* layernorm: normalization over channels, pixel by pixel; vectors over channels.
 * For normal (layer_normalization, elementwise.cnn.yaml:15). */
/* One vector of deviations d scaled, its gammas and betas from w on. */
CNN_INLINE vf elementwise_layernorm_5_scalar_of(vf d, vf scale, const float *w)
{
    vf v = vf_mul(d, scale);

    v = vf_fma(v, vf_load(w + 16), vf_load(w + 32));
    return v;
}

/* The 10 channels of one pixel. */
CNN_INLINE void elementwise_layernorm_5_scalar_pixel(const float *x, float *y, const float *CNN_RESTRICT w)
{
    vf sum0 = vf_zero();
    vf square0 = vf_zero();
    vf sum1 = vf_zero();
    vf square1 = vf_zero();
    vf sum2 = vf_zero();
    vf square2 = vf_zero();
    vf sum3 = vf_zero();
    vf square3 = vf_zero();
    vf sum4 = vf_zero();
    vf square4 = vf_zero();
    vf sum5 = vf_zero();
    vf square5 = vf_zero();
    vf sum6 = vf_zero();
    vf square6 = vf_zero();
    vf sum7 = vf_zero();
    vf square7 = vf_zero();
    vf sum8 = vf_zero();
    vf square8 = vf_zero();
    vf sum9 = vf_zero();
    vf square9 = vf_zero();
    vf sum10 = vf_zero();
    vf square10 = vf_zero();
    vf sum11 = vf_zero();
    vf square11 = vf_zero();
    vf sum12 = vf_zero();
    vf square12 = vf_zero();
    vf sum13 = vf_zero();
    vf square13 = vf_zero();
    vf sum14 = vf_zero();
    vf square14 = vf_zero();
    vf sum15 = vf_zero();
    vf square15 = vf_zero();

    sum0 = vf_add(sum0, vf_load(x + 0));
    sum1 = vf_add(sum1, vf_load(x + 1));
    sum2 = vf_add(sum2, vf_load(x + 2));
    sum3 = vf_add(sum3, vf_load(x + 3));
    sum4 = vf_add(sum4, vf_load(x + 4));
    sum5 = vf_add(sum5, vf_load(x + 5));
    sum6 = vf_add(sum6, vf_load(x + 6));
    sum7 = vf_add(sum7, vf_load(x + 7));
    sum8 = vf_add(sum8, vf_load(x + 8));
    sum9 = vf_add(sum9, vf_load(x + 9));
    sum0 = vf_add(sum0, sum8);
    sum1 = vf_add(sum1, sum9);
    sum2 = vf_add(sum2, sum10);
    sum3 = vf_add(sum3, sum11);
    sum4 = vf_add(sum4, sum12);
    sum5 = vf_add(sum5, sum13);
    sum6 = vf_add(sum6, sum14);
    sum7 = vf_add(sum7, sum15);
    sum0 = vf_add(sum0, sum4);
    sum1 = vf_add(sum1, sum5);
    sum2 = vf_add(sum2, sum6);
    sum3 = vf_add(sum3, sum7);
    sum0 = vf_add(sum0, sum2);
    sum1 = vf_add(sum1, sum3);
    sum0 = vf_add(sum0, sum1);

    const vf mean = vf_set1(vf_sum(sum0) / 10.0f);

    vf d;

    d = vf_sub(vf_load(x + 0), mean);
    square0 = vf_fma(d, d, square0);
    d = vf_sub(vf_load(x + 1), mean);
    square1 = vf_fma(d, d, square1);
    d = vf_sub(vf_load(x + 2), mean);
    square2 = vf_fma(d, d, square2);
    d = vf_sub(vf_load(x + 3), mean);
    square3 = vf_fma(d, d, square3);
    d = vf_sub(vf_load(x + 4), mean);
    square4 = vf_fma(d, d, square4);
    d = vf_sub(vf_load(x + 5), mean);
    square5 = vf_fma(d, d, square5);
    d = vf_sub(vf_load(x + 6), mean);
    square6 = vf_fma(d, d, square6);
    d = vf_sub(vf_load(x + 7), mean);
    square7 = vf_fma(d, d, square7);
    d = vf_sub(vf_load(x + 8), mean);
    square8 = vf_fma(d, d, square8);
    d = vf_sub(vf_load(x + 9), mean);
    square9 = vf_fma(d, d, square9);
    square0 = vf_add(square0, square8);
    square1 = vf_add(square1, square9);
    square2 = vf_add(square2, square10);
    square3 = vf_add(square3, square11);
    square4 = vf_add(square4, square12);
    square5 = vf_add(square5, square13);
    square6 = vf_add(square6, square14);
    square7 = vf_add(square7, square15);
    square0 = vf_add(square0, square4);
    square1 = vf_add(square1, square5);
    square2 = vf_add(square2, square6);
    square3 = vf_add(square3, square7);
    square0 = vf_add(square0, square2);
    square1 = vf_add(square1, square3);
    square0 = vf_add(square0, square1);

    const vf variance = vf_set1(vf_sum(square0) / 10.0f);
    const vf scale = vf_div(vf_set1(1.0f), vf_sqrt(vf_add(variance, vf_set1(0.001f))));

    for (int c = 0; c < 10; c += 1)
        vf_store(y + c, elementwise_layernorm_5_scalar_of(vf_sub(vf_load(x + c), mean), scale, w + c));
}

/* Pixel by pixel. */
static void elementwise_layernorm_5_scalar(const float *x, float *y, const float *w, int first, int last)
{
    for (int u = first; u < last; u++) {
        const float *xu = x + (ptrdiff_t)u * 360;
        float *yu = y + (ptrdiff_t)u * 360;
        const int n = 36;

        for (int i = 0; i < n; i++)
            elementwise_layernorm_5_scalar_pixel(xu + i * 10, yu + i * 10, w);
    }
}

/* global_pool2d: maximum or mean of whole images, channels in vectors.
 * For mean (global_average_pooling2d, elementwise.cnn.yaml:16). */
/* 2 channels of one image. */
CNN_INLINE void elementwise_global_pool2d_6_scalar_2(const float *CNN_RESTRICT x, float *CNN_RESTRICT y)
{
    vf a0_0 = vf_zero();
    vf a0_1 = vf_zero();
    vf a1_0 = vf_zero();
    vf a1_1 = vf_zero();
    vf a2_0 = vf_zero();
    vf a2_1 = vf_zero();
    vf a3_0 = vf_zero();
    vf a3_1 = vf_zero();

    for (int h = 0; h < 1; h++) {
        const float *p = x + h * 360;

        for (int w = 0; w < 9; w++) {
            a0_0 = vf_add(a0_0, vf_load(p + 0));
            a0_1 = vf_add(a0_1, vf_load(p + 1));
            a1_0 = vf_add(a1_0, vf_load(p + 10));
            a1_1 = vf_add(a1_1, vf_load(p + 11));
            a2_0 = vf_add(a2_0, vf_load(p + 20));
            a2_1 = vf_add(a2_1, vf_load(p + 21));
            a3_0 = vf_add(a3_0, vf_load(p + 30));
            a3_1 = vf_add(a3_1, vf_load(p + 31));
            p += 40;
        }
    }

    a0_0 = vf_add(a0_0, a1_0);
    a0_0 = vf_add(a0_0, a2_0);
    a0_0 = vf_add(a0_0, a3_0);
    a0_0 = vf_mul(a0_0, vf_set1(1.0f / 36.0f));
    vf_store(y + 0, a0_0);
    a0_1 = vf_add(a0_1, a1_1);
    a0_1 = vf_add(a0_1, a2_1);
    a0_1 = vf_add(a0_1, a3_1);
    a0_1 = vf_mul(a0_1, vf_set1(1.0f / 36.0f));
    vf_store(y + 1, a0_1);
}

static void elementwise_global_pool2d_6_scalar(const float *x, float *y, int first, int last)
{
    for (int u = first; u < last; u++) {
        const ptrdiff_t image = u / 5;
        const int q = u % 5;
        const float *xu = x + image * 360 + q * 2;
        float *yu = y + image * 10 + q * 2;

        elementwise_global_pool2d_6_scalar_2(xu, yu);
    }
}

/* softmax: softmax over channels, pixel by pixel; vectors over channels.
 * For share (softmax, elementwise.cnn.yaml:17). */
/* The softmax of the 10 channels of a pixel. */
CNN_INLINE void elementwise_softmax_7_scalar_pixel(const float *x, float *y, const float *w)
{
    (void)w;
    vf most0 = vf_load(x + 0);
    vf most1 = vf_load(x + 1);
    vf most2 = vf_load(x + 2);
    vf most3 = vf_load(x + 3);

    for (int c = 4; c < 8; c += 4) {
        most0 = vf_atleast(vf_load(x + c + 0), most0);
        most1 = vf_atleast(vf_load(x + c + 1), most1);
        most2 = vf_atleast(vf_load(x + c + 2), most2);
        most3 = vf_atleast(vf_load(x + c + 3), most3);
    }
    most0 = vf_atleast(vf_load(x + 8), most0);
    most1 = vf_atleast(vf_load(x + 9), most1);
    vf most = vf_atleast(vf_atleast(most0, most1), vf_atleast(most2, most3));

    const vf top = vf_set1(vf_hmax(most));
    vf sum0 = vf_zero();
    vf sum1 = vf_zero();
    vf sum2 = vf_zero();
    vf sum3 = vf_zero();
    vf sum4 = vf_zero();
    vf sum5 = vf_zero();
    vf sum6 = vf_zero();
    vf sum7 = vf_zero();
    vf sum8 = vf_zero();
    vf sum9 = vf_zero();

    const vf f0 = vf_exp_term(vf_sub(vf_load(x + 0), top));

    sum0 = vf_add(sum0, f0);
    vf_store(y + 0, f0);
    const vf f1 = vf_exp_term(vf_sub(vf_load(x + 1), top));

    sum1 = vf_add(sum1, f1);
    vf_store(y + 1, f1);
    const vf f2 = vf_exp_term(vf_sub(vf_load(x + 2), top));

    sum2 = vf_add(sum2, f2);
    vf_store(y + 2, f2);
    const vf f3 = vf_exp_term(vf_sub(vf_load(x + 3), top));

    sum3 = vf_add(sum3, f3);
    vf_store(y + 3, f3);
    const vf f4 = vf_exp_term(vf_sub(vf_load(x + 4), top));

    sum4 = vf_add(sum4, f4);
    vf_store(y + 4, f4);
    const vf f5 = vf_exp_term(vf_sub(vf_load(x + 5), top));

    sum5 = vf_add(sum5, f5);
    vf_store(y + 5, f5);
    const vf f6 = vf_exp_term(vf_sub(vf_load(x + 6), top));

    sum6 = vf_add(sum6, f6);
    vf_store(y + 6, f6);
    const vf f7 = vf_exp_term(vf_sub(vf_load(x + 7), top));

    sum7 = vf_add(sum7, f7);
    vf_store(y + 7, f7);
    const vf f8 = vf_exp_term(vf_sub(vf_load(x + 8), top));

    sum8 = vf_add(sum8, f8);
    vf_store(y + 8, f8);
    const vf f9 = vf_exp_term(vf_sub(vf_load(x + 9), top));

    sum9 = vf_add(sum9, f9);
    vf_store(y + 9, f9);
    sum0 = vf_add(sum0, sum8);
    sum1 = vf_add(sum1, sum9);
    sum0 = vf_add(sum0, sum4);
    sum1 = vf_add(sum1, sum5);
    sum2 = vf_add(sum2, sum6);
    sum3 = vf_add(sum3, sum7);
    sum0 = vf_add(sum0, sum2);
    sum1 = vf_add(sum1, sum3);
    sum0 = vf_add(sum0, sum1);

    const vf part = vf_set1(1.0f / vf_sum(sum0));

    for (int c = 0; c < 10; c += 1)
        vf_store(y + c, vf_mul(vf_load(y + c), part));
}

/* Pixel by pixel; w holds 0, 1, 2 ...: the numbers of the lanes. */
static void elementwise_softmax_7_scalar(const float *x, float *y, const float *w, int first, int last)
{
    for (int u = first; u < last; u++) {
        const float *xu = x + (ptrdiff_t)u * 10;
        float *yu = y + (ptrdiff_t)u * 10;
        const int n = 1;

        for (int i = 0; i < n; i++)
            elementwise_softmax_7_scalar_pixel(xu + i * 10, yu + i * 10, w);
    }
}

/* upsample: enlarging by whole factors, nearest or bilinear; vectors over channels.
 * For big (up_sampling2d, elementwise.cnn.yaml:18). */
/* One vector between the pixels a and b of one row, c and d of the next, with their shares. */
CNN_INLINE vf elementwise_upsample_8_scalar_of(vf a, vf b, vf c, vf d, vf left, vf right, vf upper, vf lower)
{
    const vf above = vf_fma(a, left, vf_mul(b, right));
    const vf below = vf_fma(c, left, vf_mul(d, right));

    return vf_fma(above, upper, vf_mul(below, lower));
}

/* One output pixel from two input columns of two input rows, with their shares. */
CNN_INLINE void elementwise_upsample_8_scalar_pixel(const float *x0, const float *x1, int left, int right, float *y,
        const float *rows, const float *columns)
{
    const vf l = vf_set1(columns[0]), r = vf_set1(columns[1]);
    const vf t = vf_set1(rows[0]), b = vf_set1(rows[1]);

    for (int c = 0; c < 10; c += 1)
        vf_store(y + c, elementwise_upsample_8_scalar_of(vf_load(x0 + left + c), vf_load(x0 + right + c),
                vf_load(x1 + left + c), vf_load(x1 + right + c), l, r, t, b));
}

/* Bilinear, 2 times higher and 2 times wider; the border pixels go on beyond it. */
static void elementwise_upsample_8_scalar(const float *x, float *y, const float *w, int first, int last)
{
    for (int u = first; u < last; u++) {
        const ptrdiff_t image = u / 12;
        const int oy = u % 12, iy = oy / 2, phase = oy % 2;
        const int top = iy > 0 && 2 * phase + 1 < 2 ? iy - 1 : iy;
        const int bottom = iy < 5 && 2 * phase + 1 > 2 ? iy + 1 : iy;
        const float *x0 = x + image * 360 + top * 60;
        const float *x1 = x + image * 360 + bottom * 60;
        float *yu = y + image * 1440 + oy * 120;

        for (int ix = 0; ix < 6; ix++) {
            const int here = ix * 10;
            const int before = ix > 0 ? here - 10 : here;
            const int behind = ix < 5 ? here + 10 : here;

            for (int p = 0; p < 2; p++) {
                const int left = 2 * p + 1 < 2 ? before : here;
                const int right = 2 * p + 1 > 2 ? behind : here;

                elementwise_upsample_8_scalar_pixel(x0, x1, left, right, yu, w + 2 * phase, w + 4 + 2 * p);
                yu += 10;
            }
        }
    }
}

/* permute: dimensions in another order; vectors over channels that stay the last.
 * For turned (permute, elementwise.cnn.yaml:19). */
/* A block of n2 x n3. */
CNN_INLINE void elementwise_permute_9_scalar_block(const float *x, float *y, int n2, int n3)
{
    for (int i3 = 0; i3 < n3; i3++)
        for (int i2 = 0; i2 < n2; i2++)
            y[i2 * 144 + i3 * 1] = x[i2 * 1 + i3 * 10];
}

/* 1 x 1 x 10 x 144: the dimensions in another order. */
static void elementwise_permute_9_scalar(const float *x, float *y, int first, int last)
{
    for (int u = first; u < last; u++) {
        const ptrdiff_t image = u / 1;
        const int i0 = u / 1 % 1, i1 = u / 1 % 1;
        const float *xu = x + image * 1440 + i0 * 0 + i1 * 0;
        float *yu = y + image * 1440 + i0 * 0 + i1 * 1440;
        const int n2 = 10;
        const int n3 = 144;

        elementwise_permute_9_scalar_block(xu, yu, n2, n3);
    }
}

static void elementwise_1_scaled_scalar(const struct elementwise_job *job, int first, int last, int thread)
{
    elementwise_unary_1_scalar(job->in_a, (float *)(void *)(job->arena + 0), elementwise_w1, first, last);
    (void)thread;
}

static void elementwise_2_sum_scalar(const struct elementwise_job *job, int first, int last, int thread)
{
    elementwise_binary_2_scalar((const float *)(void *)(job->arena + 0), job->in_b, (float *)(void *)(job->arena + 0), first, last);
    (void)thread;
}

static void elementwise_3_bent_scalar(const struct elementwise_job *job, int first, int last, int thread)
{
    elementwise_binary_3_scalar((const float *)(void *)(job->arena + 0), elementwise_c1, (float *)(void *)(job->arena + 5760), first, last);
    (void)thread;
}

static void elementwise_4_pooled_scalar(const struct elementwise_job *job, int first, int last, int thread)
{
    elementwise_pool2d_4_scalar((const float *)(void *)(job->arena + 5760), (float *)(void *)(job->arena + 5780), first, last);
    (void)thread;
}

static void elementwise_5_normal_scalar(const struct elementwise_job *job, int first, int last, int thread)
{
    elementwise_layernorm_5_scalar((const float *)(void *)(job->arena + 5760), (float *)(void *)(job->arena + 0), elementwise_w5, first, last);
    (void)thread;
}

static void elementwise_6_mean_scalar(const struct elementwise_job *job, int first, int last, int thread)
{
    elementwise_global_pool2d_6_scalar((const float *)(void *)(job->arena + 0), (float *)(void *)(job->arena + 1472), first, last);
    (void)thread;
}

static void elementwise_7_share_scalar(const struct elementwise_job *job, int first, int last, int thread)
{
    elementwise_softmax_7_scalar((const float *)(void *)(job->arena + 1472), job->out_share, elementwise_w7, first, last);
    (void)thread;
}

static void elementwise_8_big_scalar(const struct elementwise_job *job, int first, int last, int thread)
{
    elementwise_upsample_8_scalar((const float *)(void *)(job->arena + 5760), (float *)(void *)(job->arena + 0), elementwise_w8, first, last);
    (void)thread;
}

static void elementwise_9_turned_scalar(const struct elementwise_job *job, int first, int last, int thread)
{
    elementwise_permute_9_scalar((const float *)(void *)(job->arena + 0), job->out_turned, first, last);
    (void)thread;
}

static const struct elementwise_work elementwise_scalar[9] = {
    {elementwise_1_scaled_scalar, 1, 1},
    {elementwise_2_sum_scalar, 1, 1},
    {elementwise_3_bent_scalar, 1, 1},
    {elementwise_4_pooled_scalar, 6, 1},
    {elementwise_5_normal_scalar, 1, 1},
    {elementwise_6_mean_scalar, 5, 1},
    {elementwise_7_share_scalar, 1, 1},
    {elementwise_8_big_scalar, 12, 1},
    {elementwise_9_turned_scalar, 1, 1},
};

#endif /* ELEMENTWISE_SCALAR */

/* ---- the network ----------------------------------------------------------------------------------- */

static const struct elementwise_work *elementwise_choose(void)
{
    int level = cnn_isa_level();

    #ifdef CNN_ISA_LIMIT
    if (level > CNN_ISA_LIMIT)
        level = CNN_ISA_LIMIT;
    #endif
    (void)level;
    #if ELEMENTWISE_SCALAR
    return elementwise_scalar;
    #else
    return NULL; /* never: some instruction set is in every build */
    #endif
}

#if defined(ELEMENTWISE_HOOK) || defined(ELEMENTWISE_PROFILE)
static const struct elementwise_result {
    const char *layer;
    int place; /* -1: the arena; else the output's number */
    size_t offset; /* floats */
    int extent[4];
    ptrdiff_t pitch[3];
} elementwise_results[9] = {
    {"scaled", -1, 0, {1, 6, 6, 5}, {180, 30, 5}},
    {"sum", -1, 0, {1, 6, 6, 5}, {180, 30, 5}},
    {"bent", -1, 1440, {1, 6, 6, 5}, {360, 60, 10}},
    {"pooled", -1, 1445, {1, 6, 6, 5}, {360, 60, 10}},
    {"normal", -1, 0, {1, 6, 6, 10}, {360, 60, 10}},
    {"mean", -1, 368, {1, 1, 1, 10}, {10, 10, 10}},
    {"share", 0, 0, {1, 1, 1, 10}, {10, 10, 10}},
    {"big", -1, 0, {1, 12, 12, 10}, {1440, 120, 10}},
    {"turned", 1, 0, {1, 10, 12, 12}, {1440, 144, 12}},
};
#endif

#ifdef ELEMENTWISE_HOOK
static void elementwise_tap(const struct elementwise_job *job, int step)
{
    const struct elementwise_result *r = &elementwise_results[step];
    const float *base = (const float *)(const void *)job->arena;

    if (r->place == 0)
        base = job->out_share;
    if (r->place == 1)
        base = job->out_turned;
    ELEMENTWISE_HOOK(step, r->layer, base + r->offset, r->extent, r->pitch);
}
#endif

/* This thread's share of a step. */
static void elementwise_do(const struct elementwise_job *job, int step, int thread, int threads)
{
    const struct elementwise_work *w = &job->work[step];
    const long long parts = w->parts < threads ? w->parts : threads;
    const int units = w->units;

    #ifdef ELEMENTWISE_PROFILE
    if (thread == 0)
        ELEMENTWISE_PROFILE(step, elementwise_results[step].layer, 0);
    #endif
    if (thread < parts)
        w->run(job, (int)(units * (long long)thread / parts), (int)(units * (thread + 1LL) / parts), thread);
    #ifdef ELEMENTWISE_PROFILE
    if (thread == 0)
        ELEMENTWISE_PROFILE(step, elementwise_results[step].layer, 1);
    #endif
    #ifdef ELEMENTWISE_HOOK
    if (thread == 0)
        elementwise_tap(job, step);
    #endif
}

/* The network, as one of several threads goes through it. They meet before a step that touches what
 * another thread may still be at. */
static void elementwise_walk(const struct elementwise_job *job, int thread, int threads)
{
    /* scaled: 6x6x5 -> 6x6x5, copy + scale and shift    elementwise.cnn.yaml:6 */
    elementwise_do(job, 0, thread, threads);
    /* sum: 6x6x5 -> 6x6x5, add    elementwise.cnn.yaml:9 */
    elementwise_do(job, 1, thread, threads);
    /* bent: 6x6x5 -> 6x6x5, multiply + gelu    elementwise.cnn.yaml:11 */
    elementwise_do(job, 2, thread, threads);
    /* pooled: 6x6x5 -> 6x6x5, max_pooling2d    elementwise.cnn.yaml:13 */
    elementwise_do(job, 3, thread, threads);
    /* normal: 6x6x10 -> 6x6x10, layer_normalization    elementwise.cnn.yaml:15 */
    elementwise_do(job, 4, thread, threads);
    /* mean: 6x6x10 -> 10, global_average_pooling2d    elementwise.cnn.yaml:16 */
    elementwise_do(job, 5, thread, threads);
    /* share: 10 -> 10, softmax    elementwise.cnn.yaml:17 */
    elementwise_do(job, 6, thread, threads);
    /* big: 6x6x10 -> 12x12x10, up_sampling2d    elementwise.cnn.yaml:18 */
    elementwise_do(job, 7, thread, threads);
    /* turned: 12x12x10 -> 10x12x12, permute    elementwise.cnn.yaml:19 */
    elementwise_do(job, 8, thread, threads);
}

elementwise_status elementwise_run_threads(const uint8_t *in_a, const float *in_b, float *out_share, float *out_turned, void *arena, size_t arena_bytes, int threads)
{
    const struct cnn_span spans[5] = {
        {arena, arena_bytes < ELEMENTWISE_ARENA_BYTES ? arena_bytes : ELEMENTWISE_ARENA_BYTES},
        {out_share, ELEMENTWISE_OUTPUT_SHARE_SIZE * sizeof(float)},
        {out_turned, ELEMENTWISE_OUTPUT_TURNED_SIZE * sizeof(float)},
        {in_a, ELEMENTWISE_INPUT_A_SIZE * sizeof(uint8_t)},
        {in_b, ELEMENTWISE_INPUT_B_SIZE * sizeof(float)},
    };
    struct elementwise_job job;

    if (!arena || !in_a || !in_b || !out_share || !out_turned)
        return ELEMENTWISE_ERR_NULL;
    if (arena_bytes < ELEMENTWISE_ARENA_BYTES_FOR(1))
        return ELEMENTWISE_ERR_ARENA_SIZE;
    if ((uintptr_t)arena % ELEMENTWISE_ARENA_ALIGN != 0)
        return ELEMENTWISE_ERR_ARENA_ALIGN;
    if (threads < 0)
        return ELEMENTWISE_ERR_THREADS;
    if (cnn_overlap(spans, 3, 5))
        return ELEMENTWISE_ERR_OVERLAP;

    job.in_a = in_a;
    job.in_b = in_b;
    job.out_share = out_share;
    job.out_turned = out_turned;
    job.arena = (unsigned char *)arena;
    job.work = elementwise_choose();

    elementwise_walk(&job, 0, 1);
    return ELEMENTWISE_OK;
}

elementwise_status elementwise_run(const uint8_t *in_a, const float *in_b, float *out_share, float *out_turned, void *arena, size_t arena_bytes)
{
    return elementwise_run_threads(in_a, in_b, out_share, out_turned, arena, arena_bytes, 0);
}
