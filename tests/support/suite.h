// What nearly every test includes. It is compiled once for all of them (tests/meson.build), and no
// test leaves an include out because it stands here.
#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>
