"""English field names for published headers, Chinese terms of city data included."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Longest match wins, so compounds stand beside their parts. Traditional characters; simplified
# headers are brought to them by `_TRADITIONAL`.
# fmt: off
TERMS = {
    "年月日": "date", "年度": "year", "年份": "year", "年別": "year", "年齡": "age", "年月": "month",
    "年": "year", "月份": "month", "月": "month", "季別": "quarter", "季": "quarter", "週": "week",
    "星期": "weekday", "日期": "date", "日": "date", "時間": "time", "起始": "start", "起": "start",
    "開始": "start", "結束": "end", "截止": "end", "訖": "end", "迄": "end", "期限": "deadline",
    "期間": "period", "統計期": "period", "資料": "data", "統計": "statistics", "更新": "updated",
    "建立": "created", "新增": "created", "修改": "modified", "異動": "changed", "登記": "registration",
    "註冊": "registration", "核准": "approval", "核准文號": "approval_no", "許可": "permit",
    "許可證": "permit", "執照": "licence", "使用執照": "use_permit", "證照": "licence",
    "證號": "certificate_no", "字號": "document_no", "文號": "document_no", "案號": "case_no",
    "裁處書字號": "document_no", "處分書文號": "document_no", "編號": "no", "序號": "serial_no",
    "流水號": "serial_no", "項次": "item_no", "號碼": "number", "代碼": "code", "代號": "code",
    "編碼": "code", "管制編號": "site_no", "統一編號": "tax_no", "統編": "tax_no",
    "統一社會信用代碼": "social_credit_code", "郵遞區號": "postal_code", "郵編": "postal_code",
    "縣市": "county", "鄉鎮市區": "district", "鄉鎮區": "district", "區鄉鎮": "district",
    "行政區": "district", "區域": "area", "區里": "district", "地區": "area", "區別": "district",
    "村里": "village", "里別": "village", "村": "village", "里": "village", "鄰": "neighbourhood",
    "省": "province", "城市": "city", "市": "city", "街道": "street", "路段": "road_section",
    "路名": "road", "路": "road", "區": "district", "鎮": "town", "鄉": "township",
    "地址": "address", "住址": "address", "戶籍地址": "home_address", "通訊地址": "postal_address",
    "地點": "place", "位置": "location", "座標": "coordinate", "坐標": "coordinate",
    "經度": "longitude", "緯度": "latitude", "名稱": "name", "姓名": "person_name", "名": "name",
    "中文": "chinese", "英文": "english", "簡稱": "short_name", "全名": "full_name",
    "公司": "company", "工廠": "factory", "商號": "shop", "企業": "enterprise", "機構": "institution",
    "學校": "school", "醫院": "hospital", "餐廳": "restaurant", "單位": "unit", "部門": "department",
    "機關": "agency", "主管": "supervising", "事業單位": "employer", "事業": "enterprise",
    "事業主": "employer", "負責人": "responsible_person", "法定代表人": "legal_representative",
    "代表人": "representative", "聯絡人": "contact", "聯繫人": "contact", "聯繫": "contact",
    "聯絡": "contact", "負責人姓名": "responsible_person", "訴願": "petition", "噴藥": "spraying",
    "申請人": "applicant",
    "承辦人": "case_officer", "當事人": "party", "受處分人": "punished_party", "業者": "operator",
    "電話": "phone", "手機": "mobile_phone", "行動電話": "mobile_phone", "傳真": "fax",
    "電子郵件": "email", "電子信箱": "email", "郵箱": "email", "網址": "website", "性別": "sex",
    "出生": "birth", "生日": "birth_date", "身分證字號": "resident_id", "身份證號": "resident_id",
    "身分證": "resident_id", "身份證": "resident_id", "車牌": "plate", "車號": "plate",
    "車種": "vehicle_type", "職稱": "job_title", "職業": "occupation", "國籍": "nationality",
    "類別": "category", "類型": "type", "種類": "kind", "分類": "class", "性質": "nature",
    "狀態": "status", "狀況": "status", "等級": "grade", "級別": "grade", "行業": "industry",
    "行業別": "industry", "產業": "industry", "用途": "use", "項目": "item", "主題": "subject",
    "主旨": "subject", "標題": "title", "內容": "content", "說明": "description", "描述": "description",
    "備註": "remarks", "原因": "reason", "事由": "reason", "結果": "result", "處理": "handling",
    "違反": "breach", "違反法令條款": "breached_article", "違反法規內容": "breach_content",
    "違規": "breach", "法令": "law", "法規": "law", "條款": "article", "條文": "article",
    "處分": "penalty", "裁處": "penalty", "罰鍰": "fine", "罰款": "fine", "案件": "case",
    "陳情": "complaint", "檢查": "inspection", "稽查": "inspection", "檢測": "test", "金額": "amount",
    "費用": "fee", "價格": "price", "單價": "unit_price", "總價": "total_price", "預算": "budget",
    "面積": "area_size", "樓層": "floors", "地上層數": "floors_above", "地下層數": "floors_below",
    "棟數": "blocks", "層數": "floors", "人口數": "population", "人口": "population",
    "戶數": "households", "人數": "persons", "男": "men", "女": "women", "數量": "quantity",
    "件數": "cases", "次數": "times", "病例數": "cases", "個數": "count", "總數": "total",
    "合計": "total", "小計": "subtotal", "總計": "total", "平均": "average", "最高": "highest",
    "最低": "lowest", "比率": "rate", "比例": "share", "百分比": "percent", "發生率": "incidence",
    "增減": "change", "溫度": "temperature", "濕度": "humidity", "雨量": "rainfall",
    "風速": "wind_speed", "濃度": "concentration", "數值": "value", "值": "value", "數": "count",
    "來源": "source", "資料來源": "data_source", "版本": "version", "頻率": "frequency",
    "更新頻率": "update_frequency", "管理委員會": "management_committee", "建築物": "building",
    "建築": "building", "房屋": "house", "土地": "land", "成立": "established", "最新": "latest",
    "匯入": "import", "申報": "declaration", "申請": "application", "發生": "occurred",
    "集合": "meeting", "人力": "staff", "支援": "support", "上週同期": "same_period_last_week",
    "一週": "week", "天數": "days", "增加": "increase", "列管": "regulated", "所屬": "own",
    "工業區": "industrial_zone", "是否": "is", "號": "no",
    "公園": "park", "樹種": "tree_species", "樹木": "tree",
    "栽植": "planting", "種植": "planting", "高度": "height", "長度": "length", "寬度": "width",
    "深度": "depth", "重量": "weight", "養護": "maintenance", "維護": "maintenance", "人": "person",
    "道路": "road", "橋樑": "bridge", "設施": "facility", "設備": "equipment", "站": "station",
    "站點": "station", "監測": "monitoring", "採購": "purchase", "合同": "contract", "證件": "document",
    "標準": "standard", "責任": "responsibility", "聯繫電話": "phone", "聯繫方式": "contact",
    "別": "kind", "的": "", "之": "",
    "及": "and", "與": "and", "或": "or",
}
_TRADITIONAL = str.maketrans(
    "龄别周时间开结讫资统计异动记册许证执号编码项区县乡镇邻传真电邮编网双内说备结处规条陈检测"
    "额费价单总预积层栋户数个总计个减温湿风浓频员筑发汇申请业厂商学医厅机关构级类种状况职务称"
    "国车牌联系负责代码场标题经纬签订订违邮产权来经别负发给图书馆线统标准历园树养护长宽维桥设点监采购话讯账银价围环卫绿",
    "齡別週時間開結訖資統計異動記冊許證執號編碼項區縣鄉鎮鄰傳真電郵編網雙內說備結處規條陳檢測"
    "額費價單總預積層棟戶數個總計個減溫濕風濃頻員築發匯申請業廠商學醫廳機關構級類種狀況職務稱"
    "國車牌聯繫負責代碼場標題經緯簽訂訂違郵產權來經別負發給圖書館線統標準歷園樹養護長寬維橋設點監採購話訊帳銀價圍環衛綠",
)
# fmt: on
_BRACKETED = re.compile(r"[(（\[［【〔].*?[)）\]］】〕]")
_NOT_WORD = re.compile(r"[^0-9A-Za-z\u3400-\u9fff]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_KNOWN = {term.translate(_TRADITIONAL): word for term, word in TERMS.items()}
_LONGEST = max(map(len, TERMS))


def field_name(published: str, position: int) -> tuple[str, bool]:
    """A field name for a published header, and whether it says what the header says.

    ASCII headers become snake_case; Chinese ones are put together from `TERMS`. A header that the
    terms do not cover whole becomes `column_<position>`: a guess would be worse than none.
    """
    name = _english(_BRACKETED.sub("", published)) or _english(published)
    if not name:
        return f"column_{position}", False
    name = "number" if name == "no" else name  # YAML 1.1 reads `no` as false
    if not name[0].isalpha():
        return f"column_{name}", bool(re.fullmatch(r"(19|20)?\d\d", name))
    return (f"{name}_value" if name in reserved_words() else name), True


def field_names(published: list[str]) -> list[tuple[str, bool]]:
    """`field_name` for every column; a name that repeats gets a number."""
    found: list[tuple[str, bool]] = []
    taken: set[str] = set()
    for position, header in enumerate(published, 1):
        name, known = field_name(header, position)
        base, count = name, 2
        while name in taken:
            name, count = f"{base}_{count}", count + 1
        taken.add(name)
        found.append((name, known))
    return found


def _english(header: str) -> str | None:
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", header))
    text = text.replace("ß", "ss")
    text = "".join(c for c in text if not unicodedata.combining(c))
    words: list[str] = []
    for piece in _NOT_WORD.split(text.replace("'", "")):
        part = _piece(piece)
        if part is None:
            return None
        words += part
    parts = [word for word in "_".join(words).lower().split("_") if word]
    once = [word for i, word in enumerate(parts) if not i or word != parts[i - 1]]
    return "_".join(once)[:60].strip("_") or None


def _piece(piece: str) -> list[str] | None:
    """The words of one run of letters, digits and Chinese characters; None: unknown ones."""
    words: list[str] = []
    for run in re.findall(r"[0-9A-Za-z]+|[^0-9A-Za-z]+", piece):
        if run.isascii():
            words += _CAMEL.sub("_", run).split("_")
            continue
        part = _segmented(run.translate(_TRADITIONAL))
        if part is None:
            return None
        words += part
    return [word for word in words if word]


def _segmented(text: str) -> list[str] | None:
    if not text:
        return []
    for length in range(min(_LONGEST, len(text)), 0, -1):
        word = _KNOWN.get(text[:length])
        rest = None if word is None else _segmented(text[length:])
        if word is not None and rest is not None:
            return [word, *rest]
    return None


@lru_cache
def reserved_words() -> frozenset[str]:
    """Words that SQL or YAML takes for something else when they stand without quotes."""
    import duckdb

    with duckdb.connect(":memory:") as con:
        rows = con.execute(
            "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
        ).fetchall()
    return frozenset({"yes", "on", "off", "y", "n"}).union(str(row[0]) for row in rows)
