# A long line is cut around the place.
printf "{cnngen: 1, templates: ["
yes "filler," | head -n 200 | tr -d "\n"
printf "], batch: no, templates: ["
yes "filler," | head -n 200 | tr -d "\n"
echo "], layers: [{type: Input, shape: [4]}, Flatten]}"
