// server options: from what an embedding program wrote to what the layers need.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ring/socket.h"
#include "seal/key_ring.h"
#include "server/recordings.h"
#include "server/worker.h"
#include "session/auth.h"

#include <parley/options.h>
#include <parley/server.h>

namespace parley::server {

/// Options that were checked and made whole.
struct Plan {
    ring::Address address;
    std::vector<int> cores;  ///< one for each shard; empty: not pinned
    std::size_t shards = 1;
    std::size_t listeners = 1;  ///< sockets that all shards together accept from
    Shard::Options shard;
    WorkerOptions worker;
    Commons::Log log = nullptr;
    store::Where store;
    std::string data_folder;             ///< to be made if the store lies in it; else empty
    std::uint64_t memory_bytes_max = 0;  ///< of the process; 0: no limit
    std::unique_ptr<const session::Authenticator> authenticator;
    std::unique_ptr<net::tls::Source> tls;  ///< null: without TLS
    std::optional<seal::KeyRing> keys;      ///< that open what is sealed; nothing: nothing is
    bool seals = true;                      ///< if there are keys
    std::optional<RecordOptions> record;    ///< nothing: nothing is recorded
    std::optional<record::Place> place;     ///< of recordings; nothing: none are served
};

/// The certificates that the options name; null without an `error` if they name none.
std::unique_ptr<net::tls::Source> open_tls(const Options& options, const std::string& host,
                                           std::string& error);

/// Reads the files that the options name. On failure puts a sentence into `error` that says what
/// to do, and returns why; `plan` is then not to be used.
StartFailure make_plan(const Options& options, Plan& plan, std::string& error);

/// Opens the store, which all shards share, and makes its folder. Null on failure, with a sentence
/// in `error` that says what to do.
std::unique_ptr<store::Backend> open_store(const Plan& plan, std::string& error);

/// True if the folder is there, or was made for this user alone.
bool make_data_folder(const std::string& path, std::string& error);

/// The part of make_plan() that is about Options::limits.
bool plan_limits(const Options& options, Plan& plan, std::string& error);
/// The parts that are about what is kept: where, what is recorded, and how it is sealed.
bool plan_store(const Options& options, Plan& plan, std::string& error);
bool plan_keeping(const Options& options, Plan& plan, std::string& error);
/// Makes the folder of what is kept, and opens its keys or makes them. After make_plan(), which
/// changes nothing on the disk; the plan must not be moved then. On failure puts a sentence into
/// `error` that says what to do.
bool prepare_keeping(const Options& options, Plan& plan, std::string& error);
/// Sets how many descriptors the process may open, which is a matter of the machine.
bool take_descriptors(const Limits& limits, std::string& error);

}  // namespace parley::server
