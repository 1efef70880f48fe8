// Classifies handwritten digits with the module that was compiled from the emitted C.
//
//     node main.js MODULE IMAGES LABELS      two files in MNIST's format
//
// Exit status: 0 fine, 1 accuracy below 98 % or something is at fault.

const fs = require('fs');

const PIXELS = 28 * 28, CLASSES = 10, IMAGES_HEAD = 16, LABELS_HEAD = 8;
const [modulePath, imagesPath, labelsPath] = process.argv.slice(2);
const images = fs.readFileSync(imagesPath).subarray(IMAGES_HEAD);
const labels = fs.readFileSync(labelsPath).subarray(LABELS_HEAD);
const wasm = fs.readFileSync(modulePath);
const { memory, input, output, run } = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports;
const x = new Float32Array(memory.buffer, input(), PIXELS);
const y = new Float32Array(memory.buffer, output(), CLASSES);

let right = 0, milliseconds = 0;
for (let i = 0; i < labels.length; i++) {
    for (let k = 0; k < PIXELS; k++)
        x[k] = images[i * PIXELS + k] / 255;
    const start = performance.now();
    if (run() !== 0)
        throw new Error('the network refused to run');
    milliseconds += performance.now() - start;
    right += y.indexOf(Math.max(...y)) === labels[i];
}
console.log(`${right} of ${labels.length} images right, ${(milliseconds / labels.length).toFixed(3)} ms each; ` +
    `the module has ${wasm.length} bytes, its memory ${memory.buffer.byteLength}`);
process.exitCode = right < 0.98 * labels.length ? 1 : 0;
