"""Domains in which anybody can have an address: they never make two people colleagues."""

from typing import Final

_NAMES: Final = (
    "126.com 163.com aol.com aol.de arcor.de bk.ru bluewin.ch btinternet.com comcast.net cox.net duck.com email.cz "
    "email.de fastmail.com fastmail.fm free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.eu gmx.fr "
    "gmx.net gmx.org googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it "
    "hushmail.com icloud.com inbox.lv inbox.ru interia.pl kabelmail.de kolabnow.com laposte.net libero.it list.ru "
    "live.com live.de live.fr live.nl mac.com mail.com mail.de mail.ru mailbox.org me.com msn.com naver.com o2.pl "
    "online.de op.pl orange.fr outlook.at outlook.com outlook.de outlook.es outlook.fr outlook.it pm.me posteo.at "
    "posteo.de posteo.net proton.me protonmail.ch protonmail.com qq.com rambler.ru rocketmail.com runbox.com "
    "sbcglobal.net seznam.cz sfr.fr sky.com skynet.be t-online.de talktalk.net tiscali.it tuta.com tuta.io "
    "tutanota.com tutanota.de ukr.net unitybox.de verizon.net virgilio.it virginmedia.com vodafone.de "
    "vodafonemail.de wanadoo.fr web.de wp.pl ya.ru yahoo.co.jp yahoo.co.uk yahoo.com yahoo.de yahoo.es yahoo.fr "
    "yahoo.it yandex.com yandex.ru ymail.com zoho.com "
)

FREE_MAIL_DOMAINS: Final = frozenset(_NAMES.split())
