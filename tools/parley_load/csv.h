// CSV: a row for each second of the run.
#pragma once

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "client/outcome.h"
#include "parley_load/scenario.h"

namespace parley::load {

class Csv final {
public:
    /// Writes the header; nothing at all if `path` is empty. Errors: the file cannot be written.
    static client::Outcome<Csv> open(const std::string& path, const Scenario& scenario);

    /// What happened between two looks. `at` is in seconds since running began.
    void row(double at, const Totals& now, const Totals& before,
             std::optional<std::chrono::nanoseconds> server_cpu);

private:
    struct CloseFile {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };
    explicit Csv(const Scenario& scenario) noexcept : scenario_(&scenario) {}

    const Scenario* scenario_;
    std::unique_ptr<std::FILE, CloseFile> file_;
};

}  // namespace parley::load
