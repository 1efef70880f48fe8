# More values than the limit.
echo "cnngen: 1"
printf "templates: ["
yes "1," | head -n 1000001 | tr -d "\n"
echo "]"
