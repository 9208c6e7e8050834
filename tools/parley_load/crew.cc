// Crew: starting and ending workers.
#include "parley_load/crew.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parley_load/worker.h"

namespace parley::load {

void Crew::start() {
    for (std::uint32_t number = 0; number < run_.division.worker_count(); ++number) {
        if (run_.division.in_processes()) {
            start_process(number);
        } else {
            threads_.emplace_back([this, number] { Worker{run_, scenario_, number}.work(); });
        }
    }
}

void Crew::start_process(std::uint32_t number) {
    const pid_t parent = getpid();
    const pid_t process = fork();
    if (process < 0) {
        return run_.fail(
            fmt::format("cannot start a process for the connections that this one "
                        "has no descriptors for: {}",
                        std::strerror(errno)));
    }
    if (process > 0) return processes_.push_back(process);
    // The parent is told to stop, and ends the phases; its children end with it in any case.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGTERM, SIG_IGN);
    if (getppid() != parent) _exit(1);
    Worker{run_, scenario_, number}.work();
    _exit(0);
}

void Crew::check() {
    for (pid_t& process : processes_) {
        int status = 0;
        if (process == 0 || waitpid(process, &status, WNOHANG) != process) continue;
        process = 0;
        run_.fail("a process of the generator has died; is there memory left?");
    }
}

void Crew::join() {
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
    for (const pid_t process : processes_) {
        if (process != 0) waitpid(process, nullptr, 0);
    }
    processes_.clear();
}

std::uint64_t Crew::memory() const {
    std::uint64_t sum = 0;
    if (const auto own = process_memory(getpid())) sum += own->anonymous;
    for (const pid_t process : processes_) {
        if (const auto memory = process_memory(process)) sum += memory->anonymous;
    }
    return sum;
}

}  // namespace parley::load
