/* The first IMAGES test images and labels of examples/digits, without the headers of their files. */
    .section .images, "a"
    .global test_images, test_labels
test_images:
    .incbin "test-images.idx3", 16, IMAGES * 28 * 28
test_labels:
    .incbin "test-labels.idx1", 8, IMAGES
    .section .note.GNU-stack, "", %progbits
