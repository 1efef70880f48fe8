# U+0085, which YAML 1.1 takes for the end of a line.
printf 'cnngen: 1 # a\302\205layers: []\n'
