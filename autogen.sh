#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes ./configure from configure.ac. Run it once after a clone.
set -eu
cd "$(dirname "$0")"
mkdir -p build-aux
autoreconf --install --force --warnings=all
# configure scripts remove core dumps with "rm -f core"; here that is a folder
sed -i 's/rm -f core \(conftest\|\*\.core\)/rm -f \1/' configure
