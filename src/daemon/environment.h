// environment: the settings of a VoicePing router's deployment, which move over as they are.
#pragma once

#include <string>

#include <parley/options.h>

namespace parley::daemon {

/// Reads PORT, SECRET_KEY, ROUTER_JWT_SECRET, LEGACY_JOIN_ENABLED, MAXIMUM_AUDIO_DURATION,
/// MAXIMUM_IDLE_DURATION, GROUP_BUSY_TIMEOUT and PING_INTERVAL into `options`. As the original
/// does, takes 0 and what is no number for the default. False, with a sentence in `error`, if a
/// value cannot be meant.
bool read_environment(Options& options, std::string& error);

/// Where a server keeps its files if it is told nothing else: a folder of the service that systemd
/// made, or of the user. Empty if there is neither.
std::string default_data_folder();

}  // namespace parley::daemon
