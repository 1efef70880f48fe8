// Classifies the 1,000 held-back handwritten digits with the C that cnngen made from digits.cnn.yaml: draws a few, then
// prints what was taken for what, the accuracy, and the time per image.
//
//     digits [IMAGES LABELS]      two files in MNIST's format; default: test-images.idx3 test-labels.idx1
//
// Exit status: 0 fine, 1 accuracy below 98 %, 2 a file or the program is at fault.

#define _POSIX_C_SOURCE 199309L     // clock_gettime

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "digits.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, CLASSES = 10, MAX_IMAGES = 1000000 };
enum { PER_ROW = 4, WIDTH = 19, HEIGHT = 20 };      // of a drawing, in pixels: four and their gaps are 79 columns

#if DIGITS_INPUT_SIZE != 28 * 28 || DIGITS_OUTPUT_SIZE != 10
#error "digits.h is of another network"
#endif

struct images {
    size_t count;
    uint8_t *pixels;    // [count][28][28], 0 black to 255 white
    uint8_t *labels;    // [count], 0..9
};

struct guess {
    int digit;
    float probability;
};

static void fail(const char *path, const char *what)
{
    fprintf(stderr, "digits: %s: %s\n", path, what);
    exit(2);
}

// ------------------------------------------------------------------------------------------------- the files

// The next big-endian number of an IDX header.
static uint32_t read_u32(FILE *f, const char *path)
{
    uint8_t b[4];
    if (fread(b, 1, sizeof b, f) != sizeof b)
        fail(path, ferror(f) ? "cannot be read" : "ends inside its header");
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

// Reads an IDX file of bytes whose items have item_bytes each: 28x28 images (magic 0x803) or labels (0x801).
static uint8_t *read_idx(const char *path, uint32_t magic, size_t item_bytes, size_t *count)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail(path, "cannot be opened");
    if (read_u32(f, path) != magic)
        fail(path, magic == 0x803 ? "is no IDX file of images" : "is no IDX file of labels");
    *count = read_u32(f, path);
    if (*count < 1 || *count > MAX_IMAGES)
        fail(path, "announces no items, or more than a million");
    if (magic == 0x803) {
        uint32_t height = read_u32(f, path), width = read_u32(f, path);
        if (height != SIDE || width != SIDE)
            fail(path, "has images of another size than 28x28");
    }
    uint8_t *items = malloc(*count * item_bytes);
    if (items == NULL)
        fail(path, "is too large for the memory");
    if (fread(items, item_bytes, *count, f) != *count)
        fail(path, ferror(f) ? "cannot be read" : "is shorter than its header says");
    if (fgetc(f) != EOF)
        fail(path, "is longer than its header says");
    fclose(f);
    return items;
}

static struct images read_images(const char *images_path, const char *labels_path)
{
    struct images set;
    size_t labels;
    set.pixels = read_idx(images_path, 0x803, PIXELS, &set.count);
    set.labels = read_idx(labels_path, 0x801, 1, &labels);
    if (labels != set.count)
        fail(labels_path, "has another number of items than the images");
    for (size_t i = 0; i < labels; i++)
        if (set.labels[i] >= CLASSES)
            fail(labels_path, "has a label above 9");
    return set;
}

// ----------------------------------------------------------------------------------------------- the network

// The only place that knows the network: its memory and its call. Aligned by hand, as C99 has no word for it.
static struct guess classify(const uint8_t pixels[PIXELS], double *seconds)
{
    static unsigned char memory[DIGITS_ARENA_BYTES + DIGITS_ARENA_ALIGN];
    unsigned char *arena = memory + (DIGITS_ARENA_ALIGN - (uintptr_t)memory % DIGITS_ARENA_ALIGN) % DIGITS_ARENA_ALIGN;
    float input[DIGITS_INPUT_SIZE], output[DIGITS_OUTPUT_SIZE];
    struct timespec start, end;

    for (int i = 0; i < DIGITS_INPUT_SIZE; i++)
        input[i] = (float)pixels[i] / 255.0f;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (digits_run(input, output, arena, DIGITS_ARENA_BYTES) != DIGITS_OK) {
        fprintf(stderr, "digits: the network refused to run\n");
        exit(2);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    *seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);

    int best = 0;
    for (int k = 1; k < CLASSES; k++)
        if (output[k] > output[best])
            best = k;
    return (struct guess){best, output[best]};
}

// ----------------------------------------------------------------------------------------------- the drawing

// The first row (step SIDE) or column (step 1) of the `size` that show the ink. MNIST's digits fit in 20x20 pixels, but
// are centred by mass, so that the box around the ink may be off the middle.
static int window(const uint8_t *pixels, int step, int size)
{
    int first = SIDE, last = -1;
    for (int i = 0; i < PIXELS; i++)
        if (pixels[i] > 0) {
            int at = i / step % SIDE;
            first = at < first ? at : first;
            last = at > last ? at : last;
        }
    int start = (first + last + 1 - size) / 2;
    return start < 0 ? 0 : start > SIDE - size ? SIDE - size : start;
}

// Draws up to four images side by side. A character is about twice as high as wide, so it stands for two pixels.
static void draw(const struct images *set, const struct guess *guesses, const size_t *which, int n)
{
    static const char ink[] = " .:-=+*#%@";
    for (int y = 0; y < HEIGHT; y += 2)
        for (int k = 0; k < n; k++) {
            const uint8_t *image = set->pixels + which[k] * PIXELS;
            const uint8_t *row = image + (window(image, SIDE, HEIGHT) + y) * SIDE + window(image, 1, WIDTH);
            for (int x = 0; x < WIDTH; x++)
                putchar(ink[(row[x] + row[x + SIDE]) * ((int)sizeof ink - 2) / (2 * 255)]);
            putchar(k < n - 1 ? ' ' : '\n');
        }
    for (int k = 0; k < n; k++) {
        const struct guess *g = &guesses[which[k]];
        int label = set->labels[which[k]];
        int width = printf("  %d  (%.1f %%)", g->digit, 100.0 * (double)g->probability);
        if (g->digit != label)
            width += printf(", is %d", label);
        printf("%*s", k < n - 1 && width <= WIDTH ? WIDTH + 1 - width : 0, "");
    }
    putchar('\n');
}

// The first images that it gets right (of four classes) or wrong; returns how many.
static int pick(const struct images *set, const struct guess *guesses, int right, size_t which[PER_ROW])
{
    unsigned seen = 0;
    int n = 0;
    for (size_t i = 0; i < set->count && n < PER_ROW; i++) {
        unsigned bit = 1u << set->labels[i];
        if ((guesses[i].digit == set->labels[i]) != right || (right && (seen & bit)))
            continue;
        seen |= bit;
        which[n++] = i;
    }
    return n;
}

static void print_confusion(const struct images *set, const struct guess *guesses)
{
    int table[CLASSES][CLASSES] = {{0}};
    for (size_t i = 0; i < set->count; i++)
        table[set->labels[i]][guesses[i].digit]++;

    printf("\nlabel   taken for 0     1     2     3     4     5     6     7     8     9\n");
    for (int label = 0; label < CLASSES; label++) {
        printf("%5d        ", label);
        for (int k = 0; k < CLASSES; k++)
            table[label][k] ? printf("%6d", table[label][k]) : printf("%6s", ".");
        putchar('\n');
    }
}

int main(int argc, char **argv)
{
    if (argc != 1 && argc != 3) {
        fprintf(stderr, "usage: digits [IMAGES LABELS]\n");
        return 2;
    }
    struct images set = read_images(argc == 3 ? argv[1] : "test-images.idx3", argc == 3 ? argv[2] : "test-labels.idx1");
    struct guess *guesses = malloc(set.count * sizeof *guesses);
    if (guesses == NULL)
        fail(argc == 3 ? argv[1] : "test-images.idx3", "is too large for the memory");

    size_t right = 0;
    double total = 0;
    for (size_t i = 0; i < set.count; i++) {
        double seconds;
        guesses[i] = classify(set.pixels + i * PIXELS, &seconds);
        right += guesses[i].digit == set.labels[i];
        total += seconds;
    }

    size_t which[PER_ROW];
    for (int good = 1; good >= 0; good--) {
        int n = pick(&set, guesses, good, which);
        if (n == 0)
            continue;
        printf("%sFrom those it gets %s:\n", good ? "" : "\n", good ? "right" : "wrong");
        draw(&set, guesses, which, n);
    }
    print_confusion(&set, guesses);

    double accuracy = (double)right / (double)set.count;
    printf("\n%zu of %zu right: %.2f %%. %.1f us per image, %zu bytes of memory.\n", right, set.count, 100 * accuracy,
           1e6 * total / (double)set.count, (size_t)DIGITS_ARENA_BYTES);
    free(guesses);
    free(set.pixels);
    free(set.labels);
    return accuracy < 0.98 ? 1 : 0;
}
