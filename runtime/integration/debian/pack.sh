#!/bin/sh
# Makes an installed tree into a Debian package; make deb calls it.
#     pack.sh ROOT TEMPLATES VERSION ARCHITECTURE MAINTAINER FOLDER
set -eu
root=$1 templates=$2 version=$3 architecture=$4 maintainer=$5 folder=$6
umask 022
doc=$root/usr/share/doc/cnngen
programs=$(cd "$root" && find usr/bin usr/libexec -type f 2>/dev/null || true)

(cd "$root" && strip --strip-unneeded --remove-section=.comment --remove-section=.note $programs)
strip --strip-debug --enable-deterministic-archives "$root"/usr/lib/*.a
find "$root/usr/share/man" -type f -exec gzip -9n {} +
sed -e "s/@version@/$version/g" -e "s/@maintainer@/$maintainer/" "$templates/changelog.in" | gzip -9n >"$doc/changelog.gz"
awk -f "$templates/copyright.awk" LICENSE >"$doc/copyright"
rm -f "$doc/LICENSE"

# The packages of the libraries that the programs need, each at least as new as here.
mkdir -p "$root/debian"
touch "$root/debian/control"
depends=$(cd "$root" && dpkg-shlibdeps -O $programs 2>/dev/null |
    sed -n 's/^shlibs:Depends=//p')
rm -r "$root/debian"
size=$(du -k -s --exclude=DEBIAN "$root" | cut -f 1)
sed -e "s/@version@/$version/" -e "s/@architecture@/$architecture/" -e "s/@size@/$size/" \
    -e "s/@depends@/$depends/" -e "s/@maintainer@/$maintainer/" "$templates/control.in" >"$root/DEBIAN/control"
(cd "$root" && find usr -type f | LC_ALL=C sort | xargs md5sum >DEBIAN/md5sums)
dpkg-deb --root-owner-group --build "$root" "$folder/cnngen_${version}_$architecture.deb"
