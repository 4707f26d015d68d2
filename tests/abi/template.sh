#!/bin/sh
# template.sh SOURCE BUILD: installs the build to a prefix of its own, builds sdk/template against it
# with CMake and once more with pkg-config, and has gyr-check try the results.
set -eu
source=$1 build=$2
work=$build/tests/template
rm -rf "$work"
mkdir -p "$work"

cmake --install "$build" --prefix "$work/prefix" >"$work/install.log"
grep -q '^    sha256: ' "$work/prefix"/lib*/gyr/registry.yaml
cp -R "$source/sdk/template" "$work/project"

cmake -S "$work/project" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/cmake.log"
cmake --build "$work/build" >"$work/build.log"
[ "$(grep -c '^    sha256: ' "$work/build/registry.yaml")" = 3 ]

# What pkg-config says is about the prefix of the configuration; this one is elsewhere.
pc=$(find "$work/prefix" -name gyr.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
flags="--define-variable=prefix=$work/prefix"
mkdir "$work/plain"
for name in dice dice_fields dice_log; do
	# The flags are words.
	# shellcheck disable=SC2046
	${CC:-cc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden \
		$(pkg-config "$flags" --cflags gyr) "$work/project/$name/$name.c" \
		$(pkg-config "$flags" --libs gyr) -o "$work/plain/$name.so"
done

check=$work/prefix/bin/gyr-check
for folder in "$work/build/plugins" "$work/plain"; do
	"$check" "$folder/dice.so" '' 100 | tee "$work/check.log"
	grep -q 'pulled 100 events' "$work/check.log"
	"$check" "$folder/dice_fields.so"
	"$check" "$folder/dice_log.so" '' '' 2>"$work/alerts"
	grep -q '^3: gyr-check tries this output$' "$work/alerts"
done

# The headers are for C++ authors, too.
if command -v c++ >/dev/null; then
	for header in "$work"/prefix/include/gyr/*.h; do
		echo "#include <gyr/$(basename "$header")>"
	done | c++ -std=c++11 -Wall -Wextra -Werror -I"$work/prefix/include" -x c++ -fsyntax-only -
fi
python3 "$source/tests/abi/exports.py" "$source/sdk/include/gyr/abi.h" "$work"/build/plugins/*.so \
	"$work"/plain/*.so
