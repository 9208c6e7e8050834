// kernel_answers: stands between one thread and the kernel, so that a system call gets the answer
// of a kernel that is short of something, interrupted or old, exactly when a test wants it.
//
//   the thread ── system call ──▶ seccomp user notification ──▶ the test: this answer, or go on
#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

#include "support/descriptor.h"

namespace parley::ring {

struct KernelAnswer {
    bool go_on = true;  ///< the kernel answers itself
    int error = 0;      ///< an errno; otherwise 0, and the call returns 0
};

/// Runs `body` on a thread of its own, and asks `answer` about each `system_call` of that thread
/// before the kernel sees it. The answer may read and write what the call's arguments point to.
/// False where such a filter cannot be had: nothing was run then.
inline bool run_with_answers(long system_call, const std::function<void()>& body,
                             const std::function<KernelAnswer(const seccomp_data&)>& answer) {
    constexpr int refused = -1;
    constexpr int not_yet = -2;
    std::atomic<int> notifications{not_yet};
    std::thread thread{[&] {
        std::array<sock_filter, 4> rules{{
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(system_call), 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        }};
        const sock_fprog program{.len = rules.size(), .filter = rules.data()};
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        const long made = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                  SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
        notifications = made < 0 ? refused : static_cast<int>(made);
        notifications.notify_one();
        if (made >= 0) body();
    }};
    notifications.wait(not_yet);
    const int listener = notifications;
    if (listener < 0) {
        thread.join();
        return false;
    }
    const test::Descriptor owned{listener};
    while (true) {
        pollfd ready{.fd = listener, .events = POLLIN, .revents = 0};
        if (poll(&ready, 1, -1) < 0 && errno == EINTR) continue;
        if ((ready.revents & POLLIN) == 0) break;  // hung up: the thread is gone
        seccomp_notif asked{};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) continue;
        const KernelAnswer given = answer(asked.data);
        seccomp_notif_resp told{};
        told.id = asked.id;
        if (given.go_on) {
            told.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        } else {
            told.error = -given.error;
        }
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &told);
    }
    thread.join();
    return true;
}

}  // namespace parley::ring
