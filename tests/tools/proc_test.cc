// /proc: reading what the kernel says of time and memory.
#include "parley_load/proc.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace parley::load {
namespace {

using namespace std::chrono_literals;

TEST(SchedStat, IsTimeRunAndTimeWaited) {
    const auto stat = parse_schedstat("72868 51035 2\n");
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->ran, 72868ns);
    EXPECT_EQ(stat->waited, 51035ns);
    EXPECT_EQ(parse_schedstat("123456789012345 0 9")->ran, 123456789012345ns);
}

TEST(SchedStat, IsNothingForOtherText) {
    for (const char* text :
         {"", "1", "1 ", "x 1 2", "1 x 2", "-1 1 2", "1 -1 2", " 1 2 3", "1,2,3"})
        EXPECT_FALSE(parse_schedstat(text)) << text;
}

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
    const auto before = process_cpu(getpid());
    const auto thread_before = thread_sched().ran;
    while (thread_sched().ran - thread_before < 30ms) {
    }
    const auto after = process_cpu(getpid());
    ASSERT_TRUE(before);
    ASSERT_TRUE(after);
    EXPECT_GE(*after - *before, 20ms);
    EXPECT_FALSE(process_cpu(0));
    EXPECT_FALSE(process_cpu(-1));
}

TEST(Field, IsFoundByItsWholeNameAndScaled) {
    const std::string status =
        "Name:\tparley\nVmRSS:\t   21340 kB\nRssAnon:\t     512 kB\nRssAnonX:\t 1 "
        "kB\nThreads:\t3\n";
    EXPECT_EQ(parse_field(status, "VmRSS"), 21340U * 1024);
    EXPECT_EQ(parse_field(status, "RssAnon"), 512U * 1024);
    EXPECT_EQ(parse_field(status, "Threads"), 3U);
    EXPECT_FALSE(parse_field(status, "Rss"));
    EXPECT_FALSE(parse_field(status, "Name"));
    EXPECT_FALSE(parse_field("VmRSS", "VmRSS"));
    EXPECT_FALSE(parse_field("VmRSS:", "VmRSS"));
    EXPECT_FALSE(parse_field("", "VmRSS"));
}

TEST(TcpPages, AreThoseOfTheLineForTcp) {
    EXPECT_EQ(parse_tcp_pages("sockets: used 11\nTCP: inuse 1 orphan 0 tw 1000 alloc 1 mem 42\n"
                              "UDP: inuse 0 mem 7\nTCPX: mem 3\n"),
              42U);
    EXPECT_EQ(parse_tcp_pages("TCP: inuse 1 mem 3"), 3U);
    EXPECT_FALSE(parse_tcp_pages("UDP: inuse 0 mem 7\n"));
    EXPECT_FALSE(parse_tcp_pages("TCP: inuse 0\nUDP: mem 7\n"));
}

TEST(ProcessMemory, IsThatOfALivingProcess) {
    const auto memory = process_memory(getpid());
    ASSERT_TRUE(memory);
    EXPECT_GT(memory->anonymous, 0U);
    EXPECT_GT(memory->resident, memory->anonymous);
    EXPECT_FALSE(process_memory(0));
    EXPECT_GT(kernel_memory().slab, 0U);
}

}  // namespace
}  // namespace parley::load
