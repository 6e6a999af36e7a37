/** The words of a language, the most frequent first. */
export interface Language {
  readonly code: string;
  readonly words: readonly string[];
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const ENGLISH: Language = {
  code: "en",
  words: words(`
    the to and of a in you for your is we on with this it our that be have will from or are at as by can if please new
    more all an order not has me any here account up time was been one information so no us email but they do get
    would which about now out today service when team please contact customer free also just their date only message
    like see my number these day payment work need first after other good should delivery name make over use then what
    through online support there before next click link may week business address view help back people best full
    available price last find change update details most way two meeting report company password some project could
    invoice thanks welcome receive offer request month year product shipping call confirm review attached document
    schedule regards tomorrow monday tuesday wednesday thursday friday january february march april season discount
    subscription statement balance transaction security verify unusual activity newsletter unsubscribe preferences
    privacy policy warehouse logistics quarter forecast engineering deployment incident resolved maintenance window
    quotation estimate reservation itinerary`),
};

/** Languages whose letters require quoted-printable, base64 and encoded headers. */
export const OTHERS: readonly Language[] = [
  {
    code: "de",
    words: words(`
      die der und in zu den das nicht von sie ist des sich mit dem dass er es ein ich auf so eine auch als an nach wie
      im für man aber aus durch wenn nur war noch werden bei hat wir was wird sein einen welche sind oder um haben
      einer mir über ihm diese einem ihr uns da zum kann doch vor dieser mich ihn du hatte seine mehr am denn nun
      unter sehr selbst schon hier bis habe ihre dann ihnen seiner alle wieder meine Zeit gegen vom ganz einzelnen wo
      muss ohne eines können Größe Straße Lieferung Bestellung Rechnung Grüße München Köln Prüfung Änderung jährlich
      übermorgen natürlich`),
  },
  {
    code: "fr",
    words: words(`
      de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se le ce il sont la mais comme
      avec ses ou son été très bien où même aussi après dès déjà voilà être façon première réunion équipe société
      numéro commande livraison facture expédiée reçue août décembre février Noël élève français intéressé préféré
      problème`),
  },
  {
    code: "pl",
    words: words(`
      w i na z do się że nie jest to o za od po przez jak dla są być który może tylko jego już przed kiedy też gdzie
      został także można więc będzie łódź źródło żółty książka zamówienie płatność przesyłka wiadomość dziękujemy`),
  },
  {
    code: "ru",
    words: words(`
      и в не на что я с он как это по но они мы все за вы так же от у был для её сейчас только когда уже если или быть
      заказ доставка счёт письмо сообщение встреча проект завтра сегодня спасибо пожалуйста компания клиент оплата`),
  },
  {
    code: "ja",
    words: words(`
      の に は を た が で て と し れ さ ある いる も する から な こと として い や など なっ ない この ため その ご注文 ありがとうございます 配送 請求書 会議 明日 今日 お客様 確認 ください
      東京 大阪 メール 添付 資料`),
  },
];
