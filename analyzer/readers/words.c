/* Headings and states as qwinsta and quser print them in their languages. */
#include "readers/words.h"

#include <string.h>

static const struct {
	const char *word, *english;
} states[] = {
    {"Active", "Active"},
    {"Aktiv", "Active"},
    {"Activo", "Active"},
    {"Actif", "Active"},
    {"Ativo", "Active"},
    {"Attivo", "Active"},
    {"Actief", "Active"},
    {"Aktywny", "Active"},
    {"Aktywna", "Active"},
    {"Aktivní", "Active"},
    {"Активно", "Active"},
    {"运行中", "Active"},
    {"使用中", "Active"},
    {"アクティブ", "Active"},
    {"활성", "Active"},
    {"Disc", "Disc"},
    {"Getr.", "Disc"},
    {"Desc", "Disc"},
    {"Desc.", "Disc"},
    {"Déco", "Disc"},
    {"Disco", "Disc"},
    {"Discon", "Disc"},
    {"Rozł.", "Disc"},
    {"Verbr.", "Disc"},
    {"Диск", "Disc"},
    {"断开", "Disc"},
    {"已断开连接", "Disc"},
    {"切断", "Disc"},
    {"디스크", "Disc"},
    {"Listen", "Listen"},
    {"Abhör.", "Listen"},
    {"Abhören", "Listen"},
    {"Escuchar", "Listen"},
    {"Écoute", "Listen"},
    {"Écouter", "Listen"},
    {"Ouvir", "Listen"},
    {"Attesa", "Listen"},
    {"Luister", "Listen"},
    {"Прием", "Listen"},
    {"侦听", "Listen"},
    {"リッスン", "Listen"},
    {"수신", "Listen"},
    {"Conn", "Conn"},
    {"Verb.", "Conn"},
    {"Conectado", "Conn"},
    {"Connecté", "Conn"},
    {"Подключено", "Conn"},
    {"已连接", "Conn"},
    {"接続済み", "Conn"},
    {"연결됨", "Conn"},
    {"ConnQ", "ConnQ"},
    {"Shadow", "Shadow"},
    {"Idle", "Idle"},
    {"Down", "Down"},
    {"Init", "Init"},
    {"Reset", "Reset"},
};

static const char *const user_headings[] = {"USERNAME", "BENUTZERNAME", "NOMBRE USUARIO",
    "NOMBRE DE USUARIO", "UTILISATEUR", "USUÁRIO", "NOME DE USUÁRIO", "NOME UTENTE", "NOMEUTENTE",
    "GEBRUIKERSNAAM", "UŻYTKOWNIK", "ПОЛЬЗОВАТЕЛЬ", "用户名", "使用者名稱", "ユーザー名",
    "사용자 이름"};
static const char *const session_headings[] = {"SESSIONNAME", "SITZUNGSNAME", "NOMBRE DE SES",
    "NOMBRE SES", "SESSION", "NOME DA SESSÃO", "NOMESESSIONE", "NOME SESSIONE", "SESSIENAAM",
    "SESJA", "СЕАНС", "会话名", "工作階段名稱", "セッション名", "세션 이름"};
/* Only these have letters that code pages differ in; the rest of a table is recognised by the words above. */
static const char *const other_headings[] = {"GERÄT", "SESIÓN", "ÉTAT", "PÉRIPHÉRIQUE", "STATUT",
    "СТАТУС", "УСТР-ВО", "状态", "类型", "设备", "種類", "デバイス", "상태", "URZĄDZENIE",
    "ZAŘÍZENÍ", "登录时间", "状態", "БЕЗДЕЙСТВ"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

const char *state_in_english(struct span word)
{
	for (size_t i = 0; i < COUNT(states); i++) {
		if (span_is(word, states[i].word))
			return states[i].english;
	}
	return NULL;
}

static bool starts_with_any(struct span text, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (span_starts(text, list[i]))
			return true;
	}
	return false;
}

enum heading heading_of(struct span heading)
{
	if (starts_with_any(heading, user_headings, COUNT(user_headings)) ||
	    span_starts(heading, "NOMBRE USU"))
		return HEADING_USER;
	if (starts_with_any(heading, session_headings, COUNT(session_headings)))
		return HEADING_SESSION;
	return HEADING_UNKNOWN;
}

/* Only words that are not plain ASCII tell anything about a code page. */
static int count_known(struct span text, const char *word)
{
	for (const char *at = word; *at; at++) {
		if ((unsigned char)*at >= 0x80)
			return span_find(text, word) != SIZE_MAX;
	}
	return 0;
}

int words_known(struct span text)
{
	int known = 0;
	for (size_t i = 0; i < COUNT(states); i++)
		known += count_known(text, states[i].word);
	for (size_t i = 0; i < COUNT(user_headings); i++)
		known += count_known(text, user_headings[i]);
	for (size_t i = 0; i < COUNT(session_headings); i++)
		known += count_known(text, session_headings[i]);
	for (size_t i = 0; i < COUNT(other_headings); i++)
		known += count_known(text, other_headings[i]);
	return known;
}
