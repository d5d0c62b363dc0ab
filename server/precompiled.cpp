// Has the headers precompiled (CMakeLists.txt).
#include "precompiled.hpp"
