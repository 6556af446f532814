"""The views of an open library: session, table, Similar and player, joined to each other and to the window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QObject, QTimer

from app import tracks
from app.demo import Demo
from app.encoder_titles import choice, offer, plain
from app.evaluation import Evaluation
from app.listening import Listening
from app.main_window import Parts
from app.mapping import Mapping
from app.mpris import Mpris
from app.player import Player
from app.playlists import Playlists
from app.session import Census, Session
from app.track_model import TrackModel
from app.training import Training
from app.views.compare.compare_view import CompareView
from app.views.encoder_cards import EncoderCards
from app.views.library import LibraryView
from app.views.map.map_view import MapView
from app.views.map.tools import MapTools
from app.views.player_bar import PlayerBar
from app.views.playlists_room import PlaylistsRoom
from app.views.queue_panel import QueuePanel
from app.views.similar import SimilarPanel
from app.views.track_table import TrackTable
from app.views.training.train_view import TrainView
from app.waves import Waves
from app.wiring import Building, Wiring
from core.library.store import Library
from core.settings import DEFAULT_ENCODER, Settings

CALM_MS = 3000
REPEATS = (("off", "Off"), ("all", "The whole queue"), ("one", "This track"))
NO_CARDS = "There is no encoder yet."
NEW_DEFAULT = "{} listens to your music now: an encoder that has learned, and comes with Earmap."
KEPT = "What {} has heard stays: choose it in the list at the top."
BETWEEN = "\f"
"""In what is remembered, between the table's part and the map's."""


class Furnished(QObject):
    """What is behind the window's places once the library is open."""

    def __init__(self, wiring: Wiring, remembered: str) -> None:
        super().__init__(wiring)
        self._wiring, context = wiring, wiring.context
        self._counted = False
        self.session = Session(
            context.library, context.settings, context.theme, context.notifier, context.background
        )
        settings = context.settings.player
        self.player = Player(self, volume=settings.volume, device=settings.device)
        self.player.set_modes(shuffle=settings.shuffle, repeat=settings.repeat)
        self.playlists, self.waves = Playlists(self.session), Waves(self)
        self.player.set_sound(settings.crossfade_s, settings.replaygain)
        self.mpris = Mpris(self.player, wiring.window.actions_table, self)
        self.training = Training(self.session, context)
        self.evaluation = Evaluation(self.session, context)
        self.listening = Listening(self.session)
        self.mapping = Mapping(self.session, context)
        self._remembered = remembered
        self._cards: EncoderCards | None = None
        self.demo = Demo(wiring, self.session)

    def build(self) -> Iterator[None]:
        """Make the views, one between two of the event loop's turns, the largest in two; then begin to look."""
        context, window = self._wiring.context, self._wiring.window
        yield
        lists = PlaylistsRoom(self.session, self.player, self.playlists)
        yield
        listed = TrackTable(self.session, TrackModel(self.session))
        yield
        self.table = LibraryView(self.session, self.player, lists, listed)
        yield
        self.similar = SimilarPanel(self.session, self.player, self.playlists, self.waves)
        yield
        self.bar = PlayerBar(self.player, context.theme, window.actions_table)
        yield
        self.train = TrainView(self.training, self.player, lambda: self.table.model.query)
        yield
        self.compare = CompareView(self.evaluation, self.listening, self.player)
        yield
        tools = MapTools(context.theme)
        yield
        self.map = MapView(self.mapping, self.player, self.playlists, tools)
        yield
        self.queue = QueuePanel(self.player, context.theme)
        self.parts = Parts(
            self.table, self.similar, self.bar, self.train, self.compare, self.map, self.queue, self.queue.head
        )  # fmt: skip
        table, _, on_map = self._remembered.partition(BETWEEN)
        self.table.restore_state(table)
        self.map.restore_state(on_map)
        self._connect_session()
        self._connect_player()
        self._connect_training()
        self._connect_bus()
        self.player.prestart()
        self.session.start()

    def apply(self, settings: Settings) -> None:
        """Go by new settings."""
        before = self.session.wanted
        self.session.set_settings(settings)
        if settings.embedding.encoder != before:
            self._wiring.read_if_pending()
        if settings.player.volume != self.player.volume:
            self.player.set_volume(settings.player.volume)
        if settings.player.device != self.player.device:
            self.player.set_device(settings.player.device)
        self.player.set_sound(settings.player.crossfade_s, settings.player.replaygain)
        self.player.set_modes(shuffle=settings.player.shuffle, repeat=settings.player.repeat)

    def library_state(self) -> str:
        """What table and map remember."""
        return f"{self.table.save_state()}{BETWEEN}{self.map.save_state()}"

    def close(self) -> None:
        """Stop asking and playing; also where not all is made yet."""
        self.training.close()
        self.mapping.close()
        self.evaluation.close()
        self.session.close()
        self.mpris.close()
        self.player.close()
        self.waves.close()

    def _connect_session(self) -> None:
        wiring, session, window = self._wiring, self.session, self._wiring.window
        jobs, actions = wiring.context.jobs, window.actions_table
        jobs.changed.connect(self._watch)
        jobs.ended.connect(session.refresh)
        jobs.idle.connect(self._calm)  # a method, which Qt lets go of with this object
        session.rescan_wanted.connect(self._rescan)
        session.reading_wanted.connect(wiring.read_pending)
        session.add_wanted.connect(actions["add-folder"].trigger)
        session.similar_wanted.connect(self._show_similar)
        wiring.playlists_given.connect(self.playlists.import_files)
        session.moments_wanted.connect(self._keep_moments)
        session.credits_wanted.connect(wiring.show_credits)
        session.map_wanted.connect(self._find_on_map)
        actions["find-on-map"].triggered.connect(self._find_on_map)
        session.census_changed.connect(self._take_census)
        session.encoders_changed.connect(self._show_encoders)
        session.encoder_changed.connect(self._show_encoders)
        window.encoder.chosen.connect(self._choose_encoder)
        actions["encoder-cards"].triggered.connect(self._show_current_card)
        actions["audition"].toggled.connect(session.set_audition)
        session.audition_changed.connect(actions["audition"].setChecked)
        actions["search"].triggered.connect(self._search)
        self._show_encoders()

    def _show_similar(self) -> None:
        action = self._wiring.window.actions_table["similar"]
        if not action.isChecked():
            action.trigger()

    def _keep_moments(self) -> None:
        """Listen again, and keep what is heard moment by moment."""
        self._wiring.change("embedding", keep_segments=True)
        self._wiring.read_pending()

    def _find_on_map(self) -> None:
        self._wiring.window.show_view("view-map")
        self.map.find_selection()

    def _connect_player(self) -> None:
        player, session = self.player, self.session
        self.bar.volume_changed.connect(self._keep_volume)
        self.bar.device_chosen.connect(self._keep_device)
        self.bar.play_wanted.connect(self._play_selection)
        self.bar.keep_requested.connect(self.similar.keep)
        self.bar.less_requested.connect(self.similar.less_like)
        self.bar.waveform.span_chosen.connect(self.similar.find_moment)
        player.modes_changed.connect(self._keep_modes)
        player.devices_changed.connect(self._take_devices)
        self._wiring.offer("player.repeat", REPEATS)
        session.rows_changed.connect(self._selection_read)
        self._selection_read()

    def _connect_bus(self) -> None:
        window = self._wiring.window
        self.mpris.raise_wanted.connect(window.come_forward)
        self.mpris.quit_wanted.connect(window.close)
        self.mpris.start()

    def _connect_training(self) -> None:
        self.train.use_wanted.connect(self._choose_encoder)
        self.train.card_wanted.connect(self.show_card)
        self.table.pin_wanted.connect(self.training.pin)

    # -- the library

    def _watch(self) -> None:
        self.session.set_busy(bool(self._wiring.context.jobs.running))

    def _rescan(self, root_ids: Sequence[int]) -> None:
        roots = self.session.census.roots if self.session.census else ()
        self._wiring.rescan([root.raw_path for root, _ in roots if root.id in root_ids])

    def _take_census(self, census: Census) -> None:
        if not self._counted:  # what an earlier run left over is gone on with
            self._counted = True
            new = self._tell_new_default(census)
            if new or any(root.online and counts.pending for root, counts in census.roots):
                self._wiring.read_pending()
        self._wiring.window.show_start(census.empty and not self._wiring.context.jobs.running)
        self._wiring.window.actions_table.forbid("rescan", "Add a folder first." if census.empty else "")

    def _calm(self) -> None:
        QTimer.singleShot(CALM_MS, self, self._rest)

    def _rest(self) -> None:
        """Back to the first page where a scan has added nothing; its figures are in by now."""
        census = self.session.census
        if census is not None and census.empty and not self.session.busy:
            self._wiring.window.show_start(True)

    def _tell_new_default(self, census: Census) -> bool:
        """Whether another encoder is the default now, where one before it has listened and nobody chose; says so.

        It says so once, since the new one is in the library as soon as it begins to listen.
        """
        session, online = self.session, any(root.online for root, _ in census.roots)
        new = next((one for one in session.offered if one.name == session.wanted == DEFAULT_ENCODER), None)
        if new is None or session.encoder is None or not online:
            return False
        session.notifier.info(NEW_DEFAULT.format(new.title), KEPT.format(choice(session.encoder).title))
        return True

    def _search(self) -> None:
        if self.map.isVisible():
            self.map.focus_search()
            return
        self._wiring.window.show_view("view-library")
        self.table.focus_search()

    def _show_encoders(self) -> None:
        session, window = self.session, self._wiring.window
        choices = [*map(choice, session.encoders), *map(offer, session.offered)]
        window.activity.name_encoders(choices)
        if choices and plain().key not in {each.key for each in choices}:
            choices.append(plain())
        current = session.encoder
        window.encoder.set_choices(choices, current.name if current else session.wanted)
        self._wiring.encoder_files.set_current(current)
        self._wiring.offer("embedding.encoder", [(each.key, each.title) for each in choices])
        window.actions_table.forbid("encoder-cards", "" if choices else NO_CARDS)

    def _choose_encoder(self, name: str) -> None:
        self._wiring.change("embedding", encoder=name)

    def _show_current_card(self) -> None:
        self.show_card(self.session.encoder.name if self.session.encoder else self.session.wanted)

    def show_card(self, name: str) -> None:
        """Show an encoder's card in the dialog of all encoders."""
        if self._cards is None:
            known = (self.training.catalogue or {}).get("strategies", ())
            self._cards = EncoderCards(self.session, self._wiring.window, {one["name"]: one for one in known})
            self._cards.use_wanted.connect(self._choose_encoder)
            self._cards.export_wanted.connect(self._wiring.encoder_files.export)
            self._cards.destroyed.connect(self._forget_cards)
        self._cards.show_encoder(name)
        self._cards.show()
        self._cards.raise_()
        self._cards.activateWindow()

    def _forget_cards(self) -> None:
        self._cards = None

    # -- the player

    def _selection_read(self) -> None:
        self.bar.set_can_start(bool(self.session.rows))

    def _play_selection(self) -> None:
        self.player.play([tracks.playable(row) for row in self.session.rows])

    def _keep_volume(self, volume: float) -> None:
        self._wiring.change("player", volume=volume)

    def _keep_device(self, name: str) -> None:
        self._wiring.change("player", device=name)

    def _keep_modes(self) -> None:
        self._wiring.change("player", shuffle=self.player.shuffle, repeat=self.player.repeat)

    def _take_devices(self, names: Sequence[str]) -> None:
        self._wiring.offer("player.device", [("", "The system's default"), *((name, name) for name in names)])


def furnish(wiring: Wiring, _library: Library, remembered: str) -> Building:
    """Make the views step by step; they reach the library by its door, in the background."""
    made = Furnished(wiring, remembered)
    try:
        yield from made.build()
    except BaseException:  # the window was closed meanwhile, or a view has a bug
        made.close()
        raise
    return made
