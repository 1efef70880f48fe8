# 100,000 keys, the last of which comes twice.
echo "cnngen: 1"
echo "layers: [{type: Input, shape: [4]}, Flatten]"
echo "templates:"
awk 'BEGIN { for (i = 0; i < 100000; i++) print "  k" i ": 1"; print "  k777: 2" }'
