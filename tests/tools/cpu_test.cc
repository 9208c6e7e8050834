// CPU time: reading /proc/PID/stat.
#include "parley_load/cpu.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace parley::load {
namespace {

using namespace std::chrono_literals;

TEST(ProcessCpu, IsReadBehindAnyName) {
    const std::string rest = " S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1";
    for (const char* name : {"(parley)", "(a b c)", "(x) S 9 (y)", "()"}) {
        const auto cpu = parse_process_cpu("1234 " + std::string{name} + rest);
        ASSERT_TRUE(cpu) << name;
        EXPECT_EQ(*cpu, 200 * 1s / sysconf(_SC_CLK_TCK));
    }
}

TEST(ProcessCpu, IsNothingForTextThatIsCutOff) {
    const std::string stat = "1 (p) S 1 2 3 4 5 6 7 8 9 10 150 50";
    for (std::size_t size = 0; size + 2 < stat.size(); ++size) {
        EXPECT_FALSE(parse_process_cpu(std::string_view{stat}.substr(0, size))) << size;
    }
    EXPECT_FALSE(parse_process_cpu("1 (p) S 1 2 3 4 5 6 7 8 9 10 x 50 "));
}

TEST(ProcessCpu, GrowsWithWork) {
    const auto before = thread_cpu();
    while (thread_cpu() - before < 30ms) {
    }
    const auto cpu = process_cpu(getpid());
    ASSERT_TRUE(cpu);
    EXPECT_GE(*cpu, 20ms);
    EXPECT_FALSE(process_cpu(0));
}

}  // namespace
}  // namespace parley::load
