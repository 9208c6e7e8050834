#include "backup/backup.h"

#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include "backup/line.h"
#include "backup/walk.h"

namespace parley::backup {
namespace {

class Exporter final : public Visitor {
public:
    explicit Exporter(std::FILE* out) noexcept : out_(out) {}
    bool visit(const store::Question& question) override {
        ++lines_;
        return put(line_of(question));
    }
    bool put(std::string line) {
        line += '\n';
        return std::fwrite(line.data(), 1, line.size(), out_) == line.size();
    }
    std::uint64_t lines() const { return lines_; }

private:
    std::FILE* out_;
    std::uint64_t lines_ = 0;
};

// Lines of a file, one after the other, in memory that is bounded.
class Lines {
public:
    enum class Next : std::uint8_t { line, end, too_long };
    explicit Lines(std::FILE* in) noexcept : in_(in) {}
    Next next(std::string& line) {
        line.clear();
        for (int c = std::getc(in_); c != EOF; c = std::getc(in_)) {
            if (c == '\n') return Next::line;
            if (line.size() >= line_size_max) return Next::too_long;
            line += static_cast<char>(c);
        }
        return line.empty() ? Next::end : Next::line;
    }

private:
    std::FILE* in_;
};

// Puts things into a store so that the same again changes nothing.
class Importer {
public:
    explicit Importer(Opened& store) noexcept : store_(store) {}

    Status put(store::Question question) {
        if (auto* queue = std::get_if<store::SettleQueue>(&question)) return put_end(*queue);
        const bool may_be_there = std::holds_alternative<store::Enqueue>(question);
        const Result<store::Answer> answer = store_.ask_any(std::move(question));
        if (answer) return Ok{};
        if (may_be_there && answer.error() == store::limit_error(store::Limit::order)) return Ok{};
        return answer.error();
    }

private:
    // The number is given by an entry that is settled at once.
    Status put_end(const store::SettleQueue& end) {
        store::Enqueue entry{.user = end.user, .kind = "end", .body = "end", .seq = end.up_to};
        const auto given = store_.ask(std::move(entry));
        if (!given && given.error() == store::limit_error(store::Limit::order)) return Ok{};
        if (!given) return given.error();
        PARLEY_TRY([[maybe_unused]] const store::Done settled, store_.ask(end));
        return Ok{};
    }

    Opened& store_;
};

Result<bool> is_empty(Opened& store) {
    using What = store::List::What;
    for (const What what : {What::users, What::groups, What::conversations, What::queues}) {
        PARLEY_TRY(const store::Names names,
                   store.ask(store::List{.what = what, .after = {}, .limit = 1}));
        if (!names.names.empty()) return false;
    }
    PARLEY_TRY(const store::Recordings recordings, store.ask(store::GetRecordings{.limit = 1}));
    return recordings.recordings.empty();
}

bool may_import(Opened& store, Into into, std::string& error) {
    if (into == Into::any) return true;
    Result<bool> empty = is_empty(store);
    if (!empty) {
        error = fmt::format("the store cannot be read: {}", words_of(empty.error()));
        return false;
    }
    if (!*empty) error = "the store is not empty: name another one, or add to it with --merge";
    return *empty;
}

}  // namespace

bool write(Opened& store, std::FILE* out, std::string& error) {
    Exporter exporter{out};
    const bool done = exporter.put(first_line()) && walk(store, exporter, error) &&
                      exporter.put(last_line(exporter.lines())) && std::fflush(out) == 0;
    if (!done && error.empty()) error = "the export cannot be written: is the disk full?";
    return done;
}

bool read(Opened& store, std::FILE* in, Into into, std::string& error) {
    if (!may_import(store, into, error)) return false;
    Lines lines{in};
    Importer importer{store};
    std::string text;
    std::uint64_t number = 0;
    std::uint64_t things = 0;
    const auto fail = [&](std::string_view what) {
        error = fmt::format("line {}: {}", number, what);
        return false;
    };
    for (;;) {
        ++number;
        const Lines::Next next = lines.next(text);
        if (next == Lines::Next::too_long) return fail("it is longer than any line of an export");
        if (next == Lines::Next::end) return fail("the export ends without its last line");
        Line line;
        if (!parse_line(text, line, error)) return fail(std::string(error));
        const bool is_first = line.what == Line::What::first;
        if (is_first != (number == 1)) return fail("an export begins with {\"parley_export\":1}");
        if (is_first && line.number != format_version) {
            return fail(fmt::format("this is version {}, and {} is known here", line.number,
                                    format_version));
        }
        if (line.what == Line::What::last) {
            if (line.number == things) return true;
            return fail(fmt::format("{} lines are missing", line.number - things));
        }
        if (is_first) continue;
        ++things;
        const Status put = importer.put(std::move(line.question));
        if (!put) return fail(words_of(put.error()));
    }
}

}  // namespace parley::backup
