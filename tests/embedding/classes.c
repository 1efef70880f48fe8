/* The labels of two outputs out of three, one a line. */
#include <stdio.h>
#include "classes.h"

int main(void)
{
    for (int i = 0; i < CLASSES_LABELS_KIND; i++)
        puts(classes_labels_kind[i]);
    for (int i = 0; i < CLASSES_LABELS_SIZE; i++)
        puts(classes_labels_size[i]);
    return 0;
}
