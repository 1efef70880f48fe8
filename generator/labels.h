/* labels.h: 'labels' of a specification, the names of the classes: for each number of an output's
 * last dimension one, as a list, or in a text file of a label a line. */
#ifndef CNNGEN_LABELS_H
#define CNNGEN_LABELS_H

#include "depfile.h"
#include "graph.h"
#include "out.h"

/* Fills graph.labels, in the order of the outputs; shapes are known. Files are read from the folder
 * of the specification or below it, and added to reads. */
void labels_read(struct graph *, struct file_list *reads, struct diag *);

/* String literals of C, one a line, whatever stands in the labels. */
void labels_write(const struct label_list *, struct out *);

#endif
