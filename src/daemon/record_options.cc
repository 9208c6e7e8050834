#include "record_options.h"

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace parley::daemon {
namespace {

constexpr const char* group = "What is kept";

struct Unit {
    char letter;
    std::uint64_t size;
};
constexpr std::initializer_list<Unit> times{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}};
constexpr std::initializer_list<Unit> sizes{{'K', std::uint64_t{1} << 10},
                                            {'M', std::uint64_t{1} << 20},
                                            {'G', std::uint64_t{1} << 30},
                                            {'T', std::uint64_t{1} << 40}};
// A thousand years and a million terabytes: beyond, somebody has slipped.
constexpr std::uint64_t seconds_max = std::uint64_t{86'400} * 366 * 1000;
constexpr std::uint64_t bytes_max = std::uint64_t{1} << 60;

// A number and a unit; 0 needs none, and what is no time is bytes without one.
bool read(std::string_view text, std::initializer_list<Unit> units, std::uint64_t max,
          std::uint64_t& out) {
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit{end, text.data() + text.size()};
    if (problem != std::errc{} || unit.size() > 1) return false;
    std::uint64_t size = unit.empty() && (number == 0 || units.begin() == sizes.begin()) ? 1 : 0;
    for (const Unit& each : units) {
        if (!unit.empty() && unit.front() == each.letter) size = each.size;
    }
    if (size == 0 || number > max / size) return false;
    out = number * size;
    return true;
}

}  // namespace

void add_record_options(CLI::App& serve, Options& options, RecordWords& words) {
    serve
        .add_option("--record", words.record,
                    "talk bursts, as Ogg Opus files in --data\n"
                    "none: no burst (default); all: of groups and between users")
        ->check(CLI::IsMember({"none", "all", "off", "on"}).description("").name(""))
        ->option_text("none|all")
        ->envname("PARLEY_RECORD")
        ->group(group);
    serve
        .add_option("--record-group", options.recording.groups,
                    "records this group alone; may be repeated")
        ->option_text("ID")
        ->allow_extra_args(false)
        ->envname("PARLEY_RECORD_GROUP")
        ->group(group);
    serve
        .add_option("--record-fsync", words.sync,
                    "when recordings outlast a power cut: within a second (default),\n"
                    "once a burst has ended, or when the system likes")
        ->check(CLI::IsMember({"every-second", "end", "never"}).description("").name(""))
        ->option_text("every-second|end|never")
        ->envname("PARLEY_RECORD_FSYNC")
        ->group(group);
    serve
        .add_option("--record-keep", words.keep,
                    "how long recordings are kept, as 30d or 12h (default: for ever)")
        ->option_text("TIME")
        ->envname("PARLEY_RECORD_KEEP")
        ->group(group);
    serve
        .add_option("--record-bytes", words.bytes,
                    "the oldest go when all have more, as 10G (default: no limit)")
        ->option_text("BYTES")
        ->envname("PARLEY_RECORD_BYTES")
        ->group(group);
    serve.add_option("--seal", words.seal, "whether what is kept is encrypted (default: on)")
        ->check(CLI::IsMember({"on", "off"}).description("").name(""))
        ->option_text("on|off")
        ->envname("PARLEY_SEAL")
        ->group(group);
    serve
        .add_option("--seal-key", options.sealing.key_file,
                    "keys: the first seals, all open (default: seal.key in --data,\n"
                    "which is made at the first start)")
        ->option_text("FILE")
        ->envname("PARLEY_SEAL_KEY")
        ->group(group);
}

bool apply(const RecordWords& words, Options& options, std::string& error) {
    Recording& recording = options.recording;
    const bool all = words.record == "all" || words.record == "on";
    if (all && !recording.groups.empty()) {
        error = "--record all and --record-group contradict each other: give one of them";
        return false;
    }
    if (all) recording.what = Recording::What::all;
    if (words.record.empty() && !recording.groups.empty()) {
        recording.what = Recording::What::groups;
    }
    if (words.sync == "end") recording.sync = Recording::Sync::at_end;
    if (words.sync == "never") recording.sync = Recording::Sync::never;
    options.sealing.on = words.seal != "off";
    std::uint64_t seconds = 0;
    if (!words.keep.empty() && !read(words.keep, times, seconds_max, seconds)) {
        error = "--record-keep is a number and s, m, h or d, as 30d; 0: for ever";
        return false;
    }
    recording.keep = std::chrono::seconds{seconds};
    if (words.bytes.empty() || read(words.bytes, sizes, bytes_max, recording.bytes_max))
        return true;
    error = "--record-bytes is a number of bytes, or one and K, M, G or T, as 10G; 0: no limit";
    return false;
}

}  // namespace parley::daemon
