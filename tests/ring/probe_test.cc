#include "ring/probe.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "ring/ring.h"
#include "support/descriptor.h"

namespace parley::ring {
namespace {

bool says(const std::string& text, std::string_view words) {
    return text.find(words) != std::string::npos;
}

TEST(Refusal, NamesTheRemedyForEachReason) {
    EXPECT_TRUE(says(explain_refusal(ENOSYS), "CONFIG_IO_URING"));
    EXPECT_TRUE(says(explain_refusal(ENOSYS), "Linux 6.1"));
    EXPECT_TRUE(says(explain_refusal(EINVAL), "Linux 6.1"));
    EXPECT_TRUE(says(explain_refusal(ENOMEM), "ulimit -l"));
    EXPECT_TRUE(says(explain_refusal(ENOMEM), "LimitMEMLOCK="));
    EXPECT_TRUE(says(explain_refusal(EMFILE), "ulimit -n"));
    EXPECT_TRUE(says(explain_refusal(ENFILE), "LimitNOFILE="));
    const std::string forbidden = explain_refusal(EPERM);
    // Which of the two it is depends on this machine's setting.
    EXPECT_TRUE(says(forbidden, "seccomp") || says(forbidden, "sysctl -w")) << forbidden;
}

TEST(Refusal, IsOneLineForEveryErrno) {
    for (int error = 1; error < 134; ++error) {
        const std::string text = explain_refusal(error);
        EXPECT_FALSE(text.empty());
        EXPECT_FALSE(says(text, "\n")) << error;
        EXPECT_TRUE(says(text, "io_uring")) << error;
    }
    EXPECT_TRUE(says(explain_refusal(EIO), "Input/output error"));
}

// From here on for real, in a process that is thrown away.

void open_and_exit_with_text() {
    std::string error;
    const bool refused = Ring::open({}, error) == nullptr;
    std::fprintf(stderr, "%s\n", error.c_str());
    std::_Exit(refused ? 0 : 1);
}

void forbid_and_open(int error_number) {
    constexpr auto load_number = offsetof(seccomp_data, nr);
    std::array<sock_filter, 4> rules{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, load_number),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error_number)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog program{.len = rules.size(), .filter = rules.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) std::_Exit(2);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) std::_Exit(2);
    open_and_exit_with_text();
}

void open_without_descriptors() {
    const test::Descriptor next{dup(0)};
    const rlimit none{.rlim_cur = static_cast<rlim_t>(next.number()) + 1,
                      .rlim_max = static_cast<rlim_t>(next.number()) + 1};
    if (setrlimit(RLIMIT_NOFILE, &none) != 0) std::_Exit(2);
    open_and_exit_with_text();
}

using testing::ExitedWithCode;

TEST(RefusalDeathTest, OfAContainersProfileIsExplained) {
    EXPECT_EXIT(forbid_and_open(EPERM), ExitedWithCode(0), "seccomp|io_uring_disabled");
}

TEST(RefusalDeathTest, OfAKernelWithoutIoUringIsExplained) {
    EXPECT_EXIT(forbid_and_open(ENOSYS), ExitedWithCode(0), "CONFIG_IO_URING=y");
}

TEST(RefusalDeathTest, OfMemoryIsExplained) {
    EXPECT_EXIT(forbid_and_open(ENOMEM), ExitedWithCode(0), "LimitMEMLOCK=");
}

TEST(RefusalDeathTest, ForWantOfDescriptorsIsExplained) {
    EXPECT_EXIT(open_without_descriptors(), ExitedWithCode(0), "ulimit -n");
}

}  // namespace
}  // namespace parley::ring
