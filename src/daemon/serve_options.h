// serve_options: what a server can be told on its command line, group by group.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "limits_options.h"
#include "record_options.h"

#include <parley/options.h>

namespace parley::daemon {

/// What `serve` and `doctor` take alike. Each has its own, since CLI11 fills in defaults from the
/// environment for commands that were not given too.
class ServeOptions {
public:
    /// Adds all to `line`. Both must outlive this.
    ServeOptions(CLI::App& line, const Options& defaults);
    ServeOptions(const ServeOptions&) = delete;
    ServeOptions& operator=(const ServeOptions&) = delete;
    ~ServeOptions() = default;

    /// Once the line was parsed: makes options() of it. False, with a sentence in `error`, if its
    /// parts do not fit.
    bool finish(std::string& error);

    const Options& options() const noexcept { return options_; }
    bool dev() const noexcept { return dev_; }

private:
    void add_network();
    void add_lifecycle();
    void add_store();
    void add_identity();
    void add_tls();
    void apply_words();
    bool apply_pairs();
    bool has_key() const;
    void apply_dev();

    CLI::App& line_;
    Options options_;
    bool dev_ = false;
    std::uint32_t busy_poll_us_ = 0;
    double drain_s_ = std::chrono::duration<double>{Options{}.drain_max}.count();
    // Chosen by a word; empty: not chosen.
    std::string auth_;
    std::string join_;
    std::string deflate_;
    // In pairs, each file at its place.
    std::vector<std::string> tls_certificates_;
    std::vector<std::string> tls_keys_;
    LimitNumbers limits_;
    RecordWords record_;
};

}  // namespace parley::daemon
