// server::Doctor: looks at one thing after the other that a server needs, and says what is wrong,
// why, and what to type.
//
// It reads /proc and /sys below a root that a test may choose, and what the kernel says of io_uring
// comes from outside too. So every finding can be shown without such a machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ring/probe.h"
#include "server/options.h"

#include <parley/doctor.h>

namespace parley::server {

class Doctor {
public:
    /// `root` is put before /proc and /sys: empty for this machine.
    Doctor(const Options& options, std::string root, ring::Probed probed);

    /// Reads a number and takes it off the front. False if there is none.
    static bool take_number(std::string_view& text, std::uint64_t& number);
    /// The number that the text begins with, or 0.
    static std::uint64_t number_in(std::string_view text);

    /// Every finding, in the order in which they are to be read.
    std::vector<Finding> examine();

private:
    void look_at_kernel();
    void look_at_ring();
    void look_at_features();
    void look_at_switch();
    void look_at_seccomp();
    void look_at_open_files();
    void look_at_locked_memory();
    void look_at_cores();
    void look_at_isolation();
    void look_at_quota();
    void look_at_backlogs();
    void look_at_address();
    void look_at_take_over();
    void look_at_options();
    void look_at_tls();
    void look_at_sqlite();
    void look_at_sqlite_file(const std::string& file, const std::string& folder);
    void look_at_redis();
    void look_at_seal_key();
    void look_at_recordings();
    void look_at_data_folder();
    /// The folder, or the next above it that is there already.
    static std::filesystem::path existing(const std::filesystem::path& folder);
    /// Why nothing can be made in a folder, or in the next above it that is there; empty if it can.
    static std::string trouble_in(const std::string& folder);

    void pass(std::string what, std::string found);
    void warn(std::string what, std::string found, std::string cause, std::string fix);
    void fail(std::string what, std::string found, std::string cause, std::string fix);

    /// The first line of a file below the root; empty if it cannot be read.
    std::string line_of(std::string_view path) const;
    /// What stands behind `name` in a file of lines; empty if there is none.
    std::string value_in(std::string_view path, std::string_view name) const;
    void look_at_backlog(std::string_view path, std::string name);
    bool has_filter() const;
    bool has_predecessor() const;
    bool is_locked(const std::string& file) const;
    std::string who_filters() const;
    std::vector<int> allowed() const;
    std::vector<int> chosen() const;

    const Options& options_;
    const std::string root_;
    const ring::Probed probed_;
    std::size_t shards_ = 1;
    std::vector<Finding> findings_;
};

}  // namespace parley::server
