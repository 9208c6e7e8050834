// Crew: the workers of a run, as threads of this process or as processes of their own.
#pragma once

#include <sys/types.h>
#include <thread>
#include <vector>

#include "parley_load/scenario.h"

namespace parley::load {

class Crew final {
public:
    Crew(Run& run, const Scenario& scenario) : run_(run), scenario_(scenario) {}
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    ~Crew() { join(); }

    /// Starts them all. Requires that this process has no other thread if the division is in
    /// processes. Fails the run if the system refuses.
    void start();
    /// Fails the run if a process has ended before its time.
    void check();
    /// Waits until all have seen Phase::ended.
    void join();
    /// Anonymous memory of the generator.
    std::uint64_t memory() const;

private:
    void start_process(std::uint32_t number);

    Run& run_;
    const Scenario& scenario_;
    std::vector<std::thread> threads_;
    std::vector<pid_t> processes_;
};

}  // namespace parley::load
