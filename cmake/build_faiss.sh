#!/usr/bin/env bash
# Builds Faiss once from Debian's own source package, with the vector instructions of this machine, into a
# cache outside the tree. Prints the folder (lib/libfaiss.a, include/) as the only line of standard output.
#
# Debian's binary libfaiss.a is compiled for SSE2 alone; the same source with AVX2 searches 1.5 to 18 times
# faster. The source is fetched with the machine's own apt configuration: its lists are copied to a temporary
# folder with "deb" turned into "deb-src", so nothing under /etc/apt changes and signatures stay verified.
#
# Exit status 0: the folder is printed. Anything else: no source or no build; use Debian's binary.
set -euo pipefail

say() { printf 'faiss: %s\n' "$*" >&2; }

level=generic
grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo && level=avx2
version=$(dpkg-query -W -f '${Version}' libfaiss-dev)
compiler=$(g++ -dumpfullversion)
cache="${SEGUE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/segue}"
prefix="$cache/faiss-$version-$level-gcc$compiler"

if [ -f "$prefix/complete" ]; then
  echo "$prefix"
  exit 0
fi

mkdir -p "$cache"
exec 9>"$cache/faiss.lock"
flock 9
if [ -f "$prefix/complete" ]; then # another build finished while this one waited
  echo "$prefix"
  exit 0
fi

work=$(mktemp -d "$cache/faiss-build.XXXXXX")
trap 'rm -rf "$work"' EXIT

say "fetching Debian's source package (version $version)"
mkdir -p "$work/parts" "$work/lists/partial"
shopt -s nullglob
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ -f "$list" ] || continue
  sed -nE 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$list" > "$work/parts/$(basename "$list" .list).list"
done
for list in /etc/apt/sources.list.d/*.sources; do
  sed -E -e 's/^Types:.*/Types: deb-src/' -e '/^(Enabled|Architectures):/d' "$list" > "$work/parts/$(basename "$list")"
done
apt_options=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/parts" -o "Dir::State::lists=$work/lists"
  -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
# A third-party list without sources makes the update fail as a whole; what counts is whether faiss is found.
apt-get -qq "${apt_options[@]}" update >&2 || say "some package lists have no sources; going on with the others"
(cd "$work" && apt-get -qq "${apt_options[@]}" source --only-source "faiss=${version%+b*}" >&2)
source_dir=$(find "$work" -mindepth 1 -maxdepth 1 -type d -name 'faiss-*' | head -n 1)

say "building for $level on $(nproc) cores, about three minutes of processor time"
target=faiss
[ "$level" = avx2 ] && target=faiss_avx2
cmake -S "$source_dir" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release "-DFAISS_OPT_LEVEL=$level" \
  -DFAISS_ENABLE_GPU=OFF -DFAISS_ENABLE_PYTHON=OFF -DFAISS_ENABLE_C_API=OFF -DBUILD_TESTING=OFF \
  -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBLA_VENDOR=OpenBLAS >&2
cmake --build "$work/build" --target "$target" >&2

# Staged beside the final name, then renamed: a killed build leaves nothing that looks finished.
stage="$work/stage"
mkdir -p "$stage/lib" "$stage/include/faiss"
cp "$work/build/faiss/lib$target.a" "$stage/lib/libfaiss.a"
(cd "$source_dir/faiss" && find . -name '*.h' -not -path './gpu/*' -not -path './python/*' -print0 |
  xargs -0 cp --parents -t "$stage/include/faiss")
echo "$version $level" > "$stage/complete"
rm -rf "$prefix"
mv "$stage" "$prefix"
say "done: kept in the cache for later builds"
echo "$prefix"
