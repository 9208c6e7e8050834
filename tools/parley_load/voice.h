// Voice: the Opus packets that talkers send.
#pragma once

#include <string>
#include <vector>

#include "client/outcome.h"
#include "client/voice_codec.h"

namespace parley::load {

/// Packets of 20 ms from the WAV file `path`. If it is empty: from Debian's recorded speech if that
/// is installed (alsa-utils), else from a sound with the pitch and rhythm of speech.
client::Outcome<std::vector<client::Packet>> voice_packets(const std::string& path);

}  // namespace parley::load
