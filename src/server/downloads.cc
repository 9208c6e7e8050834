#include "server/downloads.h"

#include <utility>

namespace parley::server {

// Opens the recording, or reads on in it.
class Downloads::Job final : public record::ReadJob {
public:
    Job(Downloads& all, const Download& download, std::unique_ptr<record::Source> source)
        : ReadJob(all.net_.shard.mailbox()),
          all_(all),
          number_(download.number()),
          id_(download.id()),
          source_(std::move(source)) {}

    void read(const record::Place& place) noexcept override {
        if (source_) {
            piece_ = source_->read();
        } else {
            source_ = record::Source::open(place, id_);
        }
    }
    void open() noexcept override { all_.on_read(number_, std::move(source_), std::move(piece_)); }

private:
    Downloads& all_;  // letters are opened by the shard's turns, which end before it does
    const std::uint64_t number_;
    const std::string id_;
    std::unique_ptr<record::Source> source_;
    seal::Bytes piece_;
};

void Downloads::begin(session::Admission admission, int descriptor) noexcept {
    // Owned by the list; deleted in on_gone().
    auto* download =
        std::make_unique<Download>(*this, ++last_, std::move(admission), descriptor).release();
    list_.push_back(*download);
    const bool has_room = size_++ < downloads_max;
    download->open();
    has_room ? download->start() : download->refuse();
}

void Downloads::abort() noexcept {
    for (Download& download : list_)
        download.abort();
}

void Downloads::read(const Download& download, std::unique_ptr<record::Source> source) noexcept {
    library_->ask(std::make_unique<Job>(*this, download, std::move(source)));
}

void Downloads::on_read(std::uint64_t number, std::unique_ptr<record::Source> source,
                        seal::Bytes piece) noexcept {
    if (Download* download = find(number)) download->on_read(std::move(source), std::move(piece));
}

// Null if it has gone meanwhile.
Download* Downloads::find(std::uint64_t number) noexcept {
    for (Download& download : list_) {
        if (download.number() == number) return &download;
    }
    return nullptr;
}

void Downloads::ask_access(Download& download, const record::Talk& talk) noexcept {
    const MayHear may = access_.may_hear(download.who(), talk);
    if (may != MayHear::ask_store) return download.on_access(may == MayHear::yes);
    store_.ask(*this, static_cast<store::Ticket>(download.number()),
               store::GetRole{download.who().user, talk.to});
}

void Downloads::ask_list(const Download& download, store::GetRecordings page) noexcept {
    store_.ask(*this, static_cast<store::Ticket>(download.number()), std::move(page));
}

void Downloads::on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept {
    Download* download = find(static_cast<std::uint64_t>(ticket));
    if (download == nullptr) return;
    if (!answer) {
        if (store::is_failure(answer.error())) return download->refuse();
        return download->on_access(false);
    }
    if (const auto* page = std::get_if<store::Recordings>(&*answer)) {
        return download->on_list(*page);
    }
    download->on_access(std::get<store::MemberRole>(*answer).role.has_value());
}

void Downloads::on_gone(Download& download) noexcept {
    --size_;
    access_.on_download_gone(download.address());
    delete &download;
}

}  // namespace parley::server
