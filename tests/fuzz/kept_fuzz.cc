// Fuzzing what lies on disk, and ranges of it that are asked for: whatever is there, nothing is
// read beyond its end, nothing opens without its seal, and pieces of any size come to the same. The
// first byte chooses what the rest is: a sealed stream, a sealed body, a recording, a line of the
// journal or a range.
#include <string>

#include "base/assert.h"
#include "http/range.h"
#include "record/journal.h"
#include "record/ogg_file.h"
#include "seal/bodies.h"
#include "seal/keys.h"
#include "seal/stream.h"

using namespace parley;

namespace {

const seal::KeyRing keys = seal::ring_of({"a", "b"});

void judge_stream(std::span<const std::byte> file) {
    seal::Bytes whole;
    seal::StreamOpener at_once{keys};
    const auto status = at_once.feed(file, whole);
    seal::Bytes pieced;
    seal::StreamOpener by_pieces{keys};
    for (std::size_t at = 0; at < file.size(); at += 7)
        by_pieces.feed(file.subspan(at, std::min<std::size_t>(7, file.size() - at)), pieced);
    PARLEY_ASSERT(by_pieces.status() == status || file.empty());
    PARLEY_ASSERT(whole == pieced);
    PARLEY_ASSERT(whole.size() <= file.size());
}

void judge_recording(std::span<const std::byte> file) {
    const auto found = record::examine(file);
    static_cast<void>(record::talk_of(file));
    if (!found) return;
    PARLEY_ASSERT(found->whole_bytes <= file.size() && found->last_page < found->whole_bytes);
    std::vector<std::byte> mended(file.begin(), file.end());
    record::complete(*found, mended);
    const auto again = record::examine(mended);
    PARLEY_ASSERT(again && again->ends && again->talk == found->talk);
    PARLEY_ASSERT(again->whole_bytes == mended.size() && again->length == found->length);
}

void judge_line(std::string_view text) {
    record::Kept kept;
    if (!record::read_line(text, kept)) return;
    record::Kept again;
    PARLEY_ASSERT(record::read_line(record::line_of(kept), again) && again == kept);
}

void judge_range(std::string_view text) {
    const std::uint64_t size = text.size() * 37;
    http::Range range;
    if (http::find_range(text, size, range) == http::RangeAnswer::outside) return;
    PARLEY_ASSERT(range.begin <= size && range.size <= size - range.begin);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::span<const std::byte> rest = std::as_bytes(std::span{data, size}).subspan(1);
    const std::string_view text{reinterpret_cast<const char*>(rest.data()), rest.size()};
    switch (data[0] % 5) {
        case 0:
            judge_stream(rest);
            break;
        case 1:
            PARLEY_ASSERT(!seal::open_body(keys, text, {"g:1", "a"}));
            break;
        case 2:
            judge_recording(rest);
            break;
        case 3:
            judge_line(text);
            break;
        default:
            judge_range(text);
    }
    return 0;
}
